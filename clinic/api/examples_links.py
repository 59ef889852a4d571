"""Examples of links sent to patients for the OpenAPI document. Nobody in them exists."""

from __future__ import annotations

from typing import Any

from .examples import API, CLINICIAN, EPISODE_ID, PATIENT_ID

LINK_ID = "c1d7f3a2-94e0-4b68-8d15-0a6b9e2f7c43"
LINK = {
    "id": LINK_ID,
    "url": f"{API}/patient-links/{LINK_ID}/",
    "episode": EPISODE_ID,
    "patient": PATIENT_ID,
    "purpose": "questionnaire",
    "wording": "7ae0c5b9-3d12-4f86-b0a7-e1d94c6f2835",
    "state": "open",
    "made_by": CLINICIAN,
    "address": None,
    "expires_at": "2026-11-16T03:20:00Z",
    "used_at": None,
    "revoked_at": None,
    "created_at": "2026-11-09T03:20:00Z",
    "version": 1,
}
BY_SCHEMA: dict[str, Any] = {
    "PatientLink": LINK,
    "PatientLinkInput": {"episode": EPISODE_ID, "scale": "saq", "language": "id", "days": 7},
}
