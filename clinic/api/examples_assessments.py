"""Examples of clinical scales for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from .examples import API, CLINICIAN, EPISODE_ID, PATIENT_ID, VISIT, VISIT_ID

ASSESSMENT_ID = "3c9a1f60-7be2-4d15-a0c4-52f8e6d7b913"
ASSESSMENT: dict[str, Any] = {
    "id": ASSESSMENT_ID,
    "url": f"{API}/assessments/{ASSESSMENT_ID}/",
    "visit": VISIT_ID,
    "episode": EPISODE_ID,
    "patient": PATIENT_ID,
    "at": "2026-11-09T03:00:00Z",
    "scale": "fngs",
    "scale_version": "2.0",
    "way": None,
    "language": None,
    "wording": None,
    "answers": {"brow": 3, "eye": 2, "fold": 3, "oral": 3, "secondary": 1},
    "sub_scores": {"regions": 11, "secondary": 1},
    "total": 12.0,
    "missing": [],
    "rated_by": "clinician",
    "by": CLINICIAN,
    "finished_at": "2026-11-09T03:12:40Z",
    "created_at": "2026-11-09T03:11:02Z",
    "version": 6,
}
ANSWERS: Any = ASSESSMENT["answers"]
BY_SCHEMA: dict[str, Any] = {
    "Assessment": ASSESSMENT,
    "Visit": {**VISIT, "assessments": [ASSESSMENT]},
    "AssessmentInput": {
        "visit": VISIT_ID, "scale": "fngs", "scale_version": "2.0", "answers": ANSWERS, "finish": True,
    },
    "AssessmentChange": {"answers": {"eye": 3, "secondary": None}},
    "PatchedAssessmentChange": {"answers": {"eye": 3, "secondary": None}},
}  # fmt: skip
