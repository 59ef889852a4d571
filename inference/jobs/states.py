"""The states of an analysis and the ways between them; nothing else moves one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being analysed")
    SUCCEEDED = "succeeded", _("Analysed")
    # A clinical answer, not an error: the photo can't be judged, and the reason says how to retake it.
    REJECTED = "rejected", _("Retake the photo")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN = frozenset({Status.QUEUED, Status.RUNNING})
FINAL = frozenset({Status.SUCCEEDED, Status.REJECTED, Status.FAILED, Status.CANCELLED})
# What a model said of a photo: it never changes, while what failed or was called off may be tried again.
RESULTS = frozenset({Status.SUCCEEDED, Status.REJECTED})
TRANSITIONS: dict[str, frozenset[str]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED, Status.FAILED}),
    Status.RUNNING: frozenset({Status.SUCCEEDED, Status.REJECTED, Status.FAILED, Status.QUEUED}),
    Status.SUCCEEDED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.FAILED: frozenset({Status.QUEUED}),  # a clinician's "try again"
    Status.CANCELLED: frozenset({Status.QUEUED}),
}


def may_move(before: str, after: str) -> bool:
    """Whether an analysis may go from one state to the other."""
    return after in TRANSITIONS[before]


def sources(after: str) -> frozenset[str]:
    """The states from which an analysis may come to this one."""
    return frozenset(before for before in TRANSITIONS if may_move(before, after))
