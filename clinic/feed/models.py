"""What changed, for programs that keep a copy: identifiers and codes alone, written in the change's own transaction."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class RecordKind(models.TextChoices):
    """The records that a copy can hold, by their names in the log."""

    PATIENT = "patient"
    EPISODE = "episode"
    TREATMENT = "treatment"
    CONSENT = "consent"
    VISIT = "visit"
    PHOTO = "photo"
    ANALYSIS = "analysis"
    CONFIRMATION = "confirmation"
    TASK = "task"
    ASSESSMENT = "assessment"


class What(models.TextChoices):
    CREATED = "created"
    CHANGED = "changed"
    ARCHIVED = "archived"
    RESTORED = "restored"
    REVOKED = "revoked"
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    ERASED = "erased"
    DESTROYED = "destroyed"


TOMBSTONES = frozenset({What.REVOKED, What.RESTRICTED, What.ERASED, What.DESTROYED})
"""After which the holder of a copy must stop doing something; told of closed records too."""


class Change(models.Model):
    """One change of one record. It outlives the record, and leads to nobody then."""

    # Given after the commit, in the order in which changes became visible: a reader who has seen a position has seen
    # every lower one. Null until the feed is read.
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=RecordKind.choices)
    record = models.UUIDField()
    what = models.CharField(max_length=20, choices=What.choices)
    version = models.BigIntegerField(null=True, help_text="of the record; it grows")
    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.UUIDField(help_text="identifier alone: the row stays when the record is destroyed")
    photo = models.UUIDField(null=True, help_text="that an analysis or a confirmation is of")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]
        indexes = [
            models.Index(fields=["clinic", "position"], name="feed_of_a_clinic"),
            models.Index(fields=["patient"], name="feed_of_a_patient"),
            models.Index(fields=["id"], name="feed_not_placed", condition=models.Q(position__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record} {self.what}"


class Feed(models.Model):
    """How far positions are given. A restored backup begins another generation: positions mean something else then."""

    last = models.BigIntegerField(default=0)
    generation = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return f"{self.generation} {self.last}"
