"""Examples of home programmes for the OpenAPI document. Nobody in them exists."""

from __future__ import annotations

from typing import Any

from .examples import API, CLINICIAN, EPISODE_ID, PATIENT_ID

PROGRAMME_ID = "4be1a7d0-52c9-4c1e-9f3a-7d86b0e2c915"
DOSE = {"step": "pucker", "times": 3, "repetitions": 10, "seconds": 5}
WORDS = {"message": "Slowly, before a mirror.", "mirrored": True, "wants_photos": True}
BY_SCHEMA: dict[str, Any] = {
    "Dose": DOSE,
    "HomeProgramme": {
        "id": PROGRAMME_ID,
        "url": f"{API}/home-programmes/{PROGRAMME_ID}/",
        "episode": EPISODE_ID,
        "patient": PATIENT_ID,
        "starts_on": "2026-11-02",
        "per_week": 5,
        "doses": [DOSE],
        **WORDS,
        "made_by": CLINICIAN,
        "ended_at": None,
        "weeks": [{"begins": "2026-11-02", "days": 7, "done": 12, "asked": 15}],
        "created_at": "2026-11-02T03:20:00Z",
        "version": 1,
    },
    "HomeProgrammeInput": {
        "episode": EPISODE_ID, "starts_on": "2026-11-02", "per_week": 5, "doses": [DOSE], **WORDS,
    },
    "PatchedHomeProgrammeChange": {"message": "Slowly."},
}  # fmt: skip
