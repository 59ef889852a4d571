"""Examples of red flags for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from .examples import CLINICIAN, EPISODE_ID

ANSWERS = {
    "other_neurology": "no",
    "forehead_spared": "no",
    "worsening": "no",
    "eye": "yes",
    "ear": "no",
    "both_sides": "no",
    "slow_or_partial": "no",
    "mass_or_again": "unknown",
    "ear_or_child": "no",
}
SCREENING = {
    "id": "7d4f1b86-90c2-4e5a-8b3d-2a6c9e1f7504",
    "episode": EPISODE_ID,
    "by": CLINICIAN,
    "cause": "bells_palsy",
    "answers": ANSWERS,
    "sent_to": [
        {
            "code": "eye",
            "action": "To an eye doctor, today",
            "why": "The cornea may be drying out. Protect the eye meanwhile; no eye patch.",
            "urgent": True,
        }
    ],
    "note": "",
    "created_at": "2026-09-14T02:14:31Z",
}
QUESTION = {
    "code": "eye",
    "text": "Is the eye painful or red, sensitive to light, or is sight blurred?",
    "answers": ["yes", "no", "unknown"],
}
BY_SCHEMA: dict[str, Any] = {
    "RedFlagScreening": SCREENING,
    "RedFlagsInput": {"answers": ANSWERS, "note": ""},
    "RedFlags": {
        "episode": EPISODE_ID,
        "state": "answered",
        "shows_findings": True,
        "questions": [QUESTION],
        "screenings": [SCREENING],
    },
}
