"""Examples of tasks for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from .examples import ANALYSIS_ID, API, CLINICIAN, EPISODE_ID, PATIENT_ID, PHOTO_ID, RELEASE, VISIT_ID

TASK_ID = "5b2e7d94-3c18-4fa6-8d07-1e9f6a4c2b98"
TASK = {
    "id": TASK_ID,
    "url": f"{API}/tasks/{TASK_ID}/",
    "patient": PATIENT_ID,
    "episode": EPISODE_ID,
    "kind": "eye_closure",
    "sentence": "Open eye: 7.8 mm on tight closure, week 8.",
    "gaps": [
        {
            "visit": VISIT_ID,
            "photo": PHOTO_ID,
            "release": RELEASE,
            "at": "2026-11-09T03:00:00Z",
            "exercise": "tight_eye_closure",
            "side": "left",
            "mm": 7.76,
            "limit_mm": 1.86,
        }
    ],
    "raised_by": None,
    "release": RELEASE,
    "analysis": ANALYSIS_ID,
    "milestone": None,
    "treatment": None,
    "owner": CLINICIAN,
    "plan": "Ointment and tape at night.",
    "next_check": "2026-11-16",
    "opened_at": "2026-11-09T03:05:12Z",
    "times_reopened": 0,
    "closed_at": None,
    "closed_by": None,
    "outcome": None,
    "reason": "",
    "version": 1,
    "created_at": "2026-11-09T03:05:12Z",
}
BY_SCHEMA: dict[str, Any] = {
    "Task": TASK,
    "TaskClosing": {"outcome": "handed_over", "reason": "Seen by the eye clinic today."},
}
