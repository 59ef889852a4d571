"""Examples of what clinicians say of whole visits. Nobody in them exists."""

from __future__ import annotations

from typing import Any

from .example_names import CLINICIAN

CONFIRMATION_INPUT = {
    "palsy": True,
    "weak_side": "left",
    "grade": 3,
    "comment": "Closes the eye with effort.",
}
CONFIRMATION: dict[str, Any] = {
    "id": "5b7e2c40-8d13-4f69-a5b2-1e9c7d3f6a98",
    "visit": "2f8b6d3e-1a47-4c95-8e60-9b3d7c5f1a54",
    "by": CLINICIAN,
    **CONFIRMATION_INPUT,
    "analyses": ["6d0f4b92-5c83-4e17-a2d9-8f7b3c6e1a76"],
    "release": "2026.11.1",
    "agrees": True,
    "contradictions": [],
    "created_at": "2026-11-09T03:12:20Z",
}
PROPOSED = {
    "photo": "8c5a1f73-2e94-4d06-b7a8-6f3e9d0c1b52",
    "exercise": "rest",
    "side": None,
    "version": 1,
    "proposed_exercise": "pucker",
    "proposed_side": None,
    "judged": True,
    "sure": True,
    "probability": 0.91,
}
BY_SCHEMA: dict[str, Any] = {
    "VisitConfirmation": CONFIRMATION,
    "VisitConfirmationInput": CONFIRMATION_INPUT,
    "Filing": {"release": "2026.11.6", "photos": [PROPOSED]},
    "ProposedFiling": PROPOSED,
}
