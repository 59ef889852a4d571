"""Rows of the permission matrix about tasks, suggestions, consent, the quick check, and the use of the model."""

from __future__ import annotations

from .rows import API_CONFIRM, KEEP, NOTHING, PAGE, PLACE_WRITE, WRITE, get, post, resource, today, upload

TASKS = [
    get("examination:task", PAGE, "task"),
    get("examination:task_new", WRITE, "patient"),
    post("examination:task_new", WRITE, "patient", lambda r: {"kind": "follow_up", "plan": "call"}),
    post("examination:task_plan", WRITE, "task", lambda r: {"plan": "tape"}),
    post("examination:task_close", WRITE, "task", lambda r: {"outcome": "treated"}),
    post("examination:task_reopen", WRITE, "closed_task"),
]
TASKS_API = [
    *resource("task"),
    post("api:task-close", API_CONFIRM, "task", lambda r: {"outcome": "treated"}, status=200),
]
SUGGESTIONS = [
    post("visits:consent", WRITE, "sibling_visit", lambda r: {"given_on": today(), "manner": "form"}),
    post("visits:turn_over", WRITE, "visit", lambda r: {"photo": str(r.photo.pk)}),
    post("visits:keep", WRITE, "visit", lambda r: {"suggestion": "mirrored", "value": "left"}),
    # No worker is there to answer.
    post(
        "visits:quick_check",
        PLACE_WRITE,
        body=lambda r: {"photo": upload()},
        status=503,
        sees=NOTHING,
        writes=False,
    ),
    get("visits:quick_check", PLACE_WRITE, sees=NOTHING),
]
MODEL = [
    get("inference:use", KEEP, sees=NOTHING),
    post("inference:use", KEEP, body=lambda r: {"model_use": "off"}, sees=NOTHING),
]
