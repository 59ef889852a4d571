"""Examples of points put right for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from .examples import ANALYSIS_ID, CLINICIAN

CORRECTION = {
    "id": "0b9a1c52-7c43-4d0a-9a53-6e0c2d1f8b77",
    "analysis": ANALYSIS_ID,
    "number": 1,
    "by": CLINICIAN,
    "points": {"386": [0.61211, 0.40874]},
    "symmetry": {"unit": "mm", "eye": {"left": 6.4, "right": 9.9, "ratio": 0.65}, "composite": 0.72},
    "created_at": "2026-11-09T03:09:02Z",
}
POINT = {
    "x": 0.61211,
    "y": 0.40874,
    "index": 386,
    "name": "upper_lid_middle",
    "part": "eye",
    "side": "left",
    "text": "Left eye: upper lid, middle",
    "moved": True,
    "model": {"x": 0.6121, "y": 0.4019},
}
BY_SCHEMA: dict[str, Any] = {
    "LandmarkCorrection": CORRECTION,
    "Points": {"analysis": ANALYSIS_ID, "correction": CORRECTION, "points": [POINT]},
    "PointsInput": {"points": [{"index": 386, "x": 0.61211, "y": 0.40874}]},
}
