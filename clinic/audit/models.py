"""Who read what. Changes are kept beside each record by its history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Access(models.TextChoices):
    RECORD = "record", _("Opened the record")
    PHOTO = "photo", _("Saw a photo")
    EXPORT = "export", _("Exported data")


class ReadEvent(models.Model):
    """One read of a patient's record or photo, by whom, when and from where."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="reads")
    photo = models.ForeignKey(
        "visits.Photo", on_delete=models.PROTECT, related_name="reads", null=True, blank=True
    )
    access = models.CharField(max_length=16, choices=Access.choices)
    page = models.CharField(max_length=64, help_text="name of the page or API call, never its arguments")
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["patient", "-at"])]

    def __str__(self) -> str:
        return f"{self.access} {self.patient_id}"
