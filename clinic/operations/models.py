"""What the installation knows of itself: signs of life, checks of its records and files, and its backups.

None of it is a patient's: identifiers and counts alone.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.common.models import Record


class Heartbeat(models.Model):
    """When a part of the installation that nobody talks to was last seen at work."""

    BEAT = "beat"
    HOURS = "hours"
    """Until when `HourTally` holds every hour."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class HourTally(models.Model):
    """What a clinic had in one hour: photos that came in, and analyses that ended well then. No row: neither."""

    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField(db_index=True, help_text="when it began")
    stored = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "hour"], name="one_tally_of_a_clinics_hour")]

    def __str__(self) -> str:
        return f"Hour {self.hour} of clinic {self.clinic_id}"


class CheckKind(models.TextChoices):
    SAMPLE = "sample", _("Sample")
    WHOLE = "whole", _("Whole")
    RESTORE = "restore", _("After a restore")


class CheckState(models.TextChoices):
    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Given up")


class IntegrityCheck(Record):
    """One look through files and records (`manage.py fsck`), and how far it is: it goes on where it stopped."""

    kind = models.CharField(max_length=12, choices=CheckKind.choices)
    state = models.CharField(max_length=12, choices=CheckState.choices, default=CheckState.RUNNING)
    share = models.PositiveSmallIntegerField(default=100, help_text="percent of the files that are read")
    repairs = models.BooleanField(default=False, help_text="what is safe to repair is repaired")
    stage = models.CharField(max_length=24, blank=True)
    cursor = models.CharField(max_length=80, blank=True, help_text="where the stage goes on")
    updated_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    photos = models.PositiveBigIntegerField(default=0)
    files = models.PositiveBigIntegerField(default=0)
    records = models.PositiveBigIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    repaired = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CheckKind.values), name="integrity_kind_known"),
            models.CheckConstraint(condition=Q(state__in=CheckState.values), name="integrity_state_known"),
            models.CheckConstraint(
                condition=Q(state=CheckState.RUNNING) | Q(finished_at__isnull=False),
                name="integrity_over_has_an_end",
            ),
            models.CheckConstraint(condition=Q(share__range=(1, 100)), name="integrity_share_is_percent"),
        ]

    def __str__(self) -> str:
        return f"Integrity check {self.pk}"

    @property
    def left(self) -> int:
        """What was found and not repaired."""
        return self.found - self.repaired


class IntegrityFinding(models.Model):
    """One thing that is not as it must be: a code of `fsck.codes` and the identifier that it is about."""

    check_run = models.ForeignKey(IntegrityCheck, on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True, help_text="an identifier, or a file's random name")
    repaired = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["check_run", "code", "subject"], name="one_finding_of_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"


class BackupState(models.TextChoices):
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Backup(Record):
    """One attempt at a backup, written down when it was over. The archive itself lies outside."""

    state = models.CharField(max_length=12, choices=BackupState.choices)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    name = models.CharField(max_length=80, blank=True, help_text="of the archive's file")
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    photos = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0, help_text="files that rows name and nobody could read")
    keys = models.BooleanField(default=False, help_text="the keys were written to an archive of their own")
    verified_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was read back and every checksum found right"
    )
    error_code = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BackupState.values), name="backup_state_known"),
            models.CheckConstraint(
                condition=~Q(state=BackupState.FAILED) | ~Q(error_code=""), name="failed_backup_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Backup {self.pk}"
