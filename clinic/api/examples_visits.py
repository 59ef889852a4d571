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
TEN = {
    "key": "ten-1",
    "name": "Ten standard views",
    "version": 1,
    "about": "The minimum of the Sir Charles Bell Society (Santosa et al., JAMA Facial Plast Surg 2017).",
    "exercises": [
        "rest", "brow_raise", "gentle_eye_closure", "tight_eye_closure", "closed_smile", "smile_with_teeth",
        "lower_teeth", "pucker", "nose_wrinkle", "nasal_base",
    ],
}  # fmt: skip
SKIP = {
    "exercise": "tight_eye_closure",
    "reason": "eye_protected",
    "note": "",
    "by": CLINICIAN,
    "created_at": "2026-11-09T03:08:02Z",
    "version": 1,
}
PLACE = {"exercise": "tight_eye_closure", "asked": True, "state": "skipped", "skip": SKIP}
SERIES = {
    "visit": "2f8b6d3e-1a47-4c95-8e60-9b3d7c5f1a54",
    "protocol": TEN,
    "of": 10,
    "taken": 6,
    "done": 7,
    "goes_on_with": "pucker",
    "sentence": "6 of 10 exercises photographed. 1 of 10 not taken: Tight eye closure (Eye protected).",
    "exercises": [{"exercise": "rest", "asked": True, "state": "taken", "skip": None}, PLACE],
}
BY_SCHEMA: dict[str, Any] = {
    "VisitConfirmation": CONFIRMATION,
    "VisitConfirmationInput": CONFIRMATION_INPUT,
    "Filing": {"release": "2026.11.6", "photos": [PROPOSED]},
    "ProposedFiling": PROPOSED,
    "Protocol": TEN,
    "SkippedExercise": SKIP,
    "SeriesPlace": PLACE,
    "Series": SERIES,
    "SkipInput": {"exercise": "tight_eye_closure", "reason": "eye_protected"},
    "UnskipInput": {"exercise": "tight_eye_closure"},
}
