"""Rows of what a clinician says of a visit, and of what is put in its right place or taken back."""

from __future__ import annotations

from .rows import API_CONFIRM, NAMED, STATEMENT, WRITE, get, post, shown

STATEMENTS = [
    post("visits:photo_exercise", WRITE, "photo", lambda r: {"exercise": "rest"}),
    post("visits:photo_archive", WRITE, "photo"),
    post("visits:photo_restore", WRITE, "archived_photo"),
    post("visits:photo_retry", WRITE, "failed_photo"),
    post("visits:archive", WRITE, "visit"),
    post("visits:restore", WRITE, "archived_visit"),
    post(
        "visits:visit_confirm",
        WRITE,
        "visit",
        lambda r: {**STATEMENT, "shown": shown(r.visit), "named": NAMED},
    ),
    get("visits:visit_move", WRITE, "visit"),
    post("visits:visit_move", WRITE, "visit", lambda r: {"to": str(r.visit.episode_id)}, writes=False),
    get("visits:photo_move", WRITE, "photo"),
    post("visits:photo_move", WRITE, "photo", lambda r: {"to": str(r.photo.visit_id)}, writes=False),
    post("patients:treatment_restore", WRITE, "treatment", writes=False),
]
"""The pages' rows."""

STATEMENTS_API = [
    post(
        "api:visit-confirm",
        API_CONFIRM,
        "visit",
        lambda r: {"palsy": True, "weak_side": "left", "grade": 3},
        status=201,
        by_scope=True,
    ),
]
"""The API's."""
