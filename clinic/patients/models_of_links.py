"""Links that a clinic sends to a patient, who has no account."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.audit.history import History
from clinic.common.models import Record, Versioned

from .visibility import seen_by

if TYPE_CHECKING:
    from clinic.accounts.models import User


def hash_of(secret: str) -> str:
    """What is stored of a secret; blanks, dashes and small letters of one that was typed don't matter."""
    plain = "".join(one for one in secret.upper() if one.isascii() and one.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


class LinkPurpose(models.TextChoices):
    """What a link opens; the room that serves a purpose says what its `subject` means."""

    QUESTIONNAIRE = "questionnaire", _("Questionnaire")
    HOME_PROGRAMME = "home_programme", _("Home programme")


class LinkState(models.TextChoices):
    OPEN = "open", _("open")
    USED = "used", _("used")
    REVOKED = "revoked", _("taken back")
    CLOSED = "closed", _("closed after wrong birth dates")
    EXPIRED = "expired", _("expired")


class PatientLinkQuerySet(models.QuerySet["PatientLink"]):
    def visible_to(self, user: User) -> PatientLinkQuerySet:
        return self.filter(seen_by(user, "episode__patient__"))


class PatientLink(Record, Versioned):
    """A link by which a patient does one thing without an account. Only a hash of its secret is stored.

    It works until it is used, revoked or expired, or until the birth date was wrong too often. subject: what of its
    purpose it opens, of a questionnaire the row with the wording.
    """

    episode = models.ForeignKey("patients.Episode", on_delete=models.PROTECT, related_name="patient_links")
    purpose = models.CharField(max_length=16, choices=LinkPurpose.choices)
    subject = models.CharField(max_length=64)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False, help_text="wrong birth dates")
    history = History(excluded_fields=["created_at", "secret_hash", "failures"])

    MOST_FAILURES = 5

    objects = PatientLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Patient link {self.pk}"

    @property
    def state(self) -> LinkState:
        """Whether it still works, and if not, why."""
        if self.used_at is not None:
            return LinkState.USED
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.failures >= self.MOST_FAILURES:
            return LinkState.CLOSED
        return LinkState.EXPIRED if self.expires_at <= timezone.now() else LinkState.OPEN
