"""One log of what happened to records and at the door. Rows are added, never changed and never removed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Access(models.TextChoices):
    """The kinds that are reads of a patient."""

    RECORD = "record", _("Opened the record")
    PHOTO = "photo", _("Saw a photo")
    EXPORT = "export", _("Exported data")
    LISTED = "listed", _("Saw the name in a list")


class Event(models.TextChoices):
    """Everything that the log can tell; the reads bear the names of `Access`."""

    RECORD = "record", _("Opened the record")
    PHOTO = "photo", _("Saw a photo")
    EXPORT = "export", _("Exported data")
    LISTED = "listed", _("Saw the name in a list")
    CHANGE = "change", _("Changed the record")
    LOGIN = "login", _("Logged in")
    LOGIN_FAILED = "login_failed", _("Login failed")
    LOCKED_OUT = "locked_out", _("Locked out after failed logins")
    LOGOUT = "logout", _("Logged out")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    FACTOR_FAILED = "factor_failed", _("Second factor failed")
    SESSION_ENDED = "session_ended", _("Session ended")
    STEP_UP = "step_up", _("Proved who they are again")
    STEP_UP_FAILED = "step_up_failed", _("Failed to prove who they are")
    MEMBER_CHANGED = "member_changed", _("Changed a member's access")
    CLINIC_CHANGED = "clinic_changed", _("Changed the clinic's settings")
    ACCOUNT_MADE = "account_made", _("Made an account")
    ACCOUNT_CHANGED = "account_changed", _("Changed an account")
    TOKEN_MADE = "token_made", _("Made an API token")
    TOKEN_REVOKED = "token_revoked", _("Revoked an API token")
    LOG_READ = "log_read", _("Read the log")
    LOG_GAP = "log_gap", _("Noted lines of the log that never came")
    RESULT = "result", _("Analysed a photo")
    CORRECTION = "correction", _("Correction asked for or made")
    RESTRICTION = "restriction", _("Restricted the record")
    RESTRICTION_LIFTED = "restriction_lifted", _("Lifted the restriction")
    ERASURE = "erasure", _("Erased data")
    LEGAL_HOLD = "legal_hold", _("Put under legal hold")
    LEGAL_HOLD_LIFTED = "legal_hold_lifted", _("Lifted the legal hold")
    MODEL_USE = "model_use", _("Changed the use of the model")
    QUICK_CHECK = "quick_check", _("Checked a photo without a record")
    KEY_ROTATED = "key_rotated", _("Changed an encryption key")
    BACKUP = "backup", _("Made a backup")
    RESTORE = "restore", _("Restored a backup")


class AuditEvent(models.Model):
    """What was done, by whom, when, from where, on which page and why; values stay where they are kept."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    # Each search has an index below that begins with its column; a second one would only slow the writing down.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    clinic = models.ForeignKey(
        "accounts.Clinic",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    # Without a constraint in the database: the line stays when the record is destroyed after its retention.
    patient = models.ForeignKey(
        "patients.Patient",
        on_delete=models.PROTECT,
        related_name="events",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    photo = models.ForeignKey(
        "visits.Photo",
        on_delete=models.PROTECT,
        related_name="events",
        null=True,
        blank=True,
        db_constraint=False,
    )
    kind = models.CharField(max_length=24, choices=Event.choices)
    page = models.CharField(
        max_length=64, blank=True, help_text="name of the page or API call, never its arguments"
    )
    address = models.GenericIPAddressField(null=True, blank=True)
    # Lines of before hold what was typed; since then it lies in a row of its own (`Reason`).
    noted_reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")
    detail = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="codes and counts, never a name or a text"
    )

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["patient", "-at"], name="audit_of_a_patient"),
            models.Index(fields=["clinic", "-at", "-id"], name="audit_of_a_clinic"),
            models.Index(fields=["clinic", "kind", "-at", "-id"], name="audit_of_a_kind"),
            models.Index(fields=["user", "-at", "-id"], name="audit_of_a_person"),
            models.Index(
                fields=["at"],
                condition=models.Q(kind__in=["login_failed", "factor_failed"]),
                name="audit_of_failed_logins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def reason(self) -> str:
        """What was typed where access is unusual; nothing once the record that it was about is destroyed."""
        typed = getattr(self, "typed", None)
        return typed.text if typed is not None else self.noted_reason


class ReadManager(models.Manager["ReadEvent"]):
    def get_queryset(self) -> models.QuerySet[ReadEvent]:
        return super().get_queryset().filter(kind__in=Access.values, patient__isnull=False)


class ReadEvent(AuditEvent):
    """The events that are a read of one patient."""

    objects = ReadManager()

    class Meta:
        proxy = True

    @property
    def access(self) -> str:
        return self.kind


class Reason(models.Model):
    """The reason that somebody typed. It goes with the patient's record; the line keeps its hash, which tells nothing
    without the salt."""

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, primary_key=True, related_name="typed")
    text = models.CharField(_("reason"), max_length=200)
    salt = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"Reason of {self.pk}"


class Seal(models.Model):
    """An event's place in the chain. Its hash covers the event, what the event points at, and the seal before."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    content = models.CharField(
        max_length=64, blank=True, help_text="of the line of a history that the event points at"
    )
    hash = models.CharField(max_length=64)
    key = models.CharField(max_length=8, help_text="which key it was made with")
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"
