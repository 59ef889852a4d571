"""What the API remembers of requests, so that one whose answer got lost can be repeated."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RepeatableRequest(models.Model):
    """A POST that made a record, under the key that its caller gave it.

    Neither the key, nor the body, nor the answer is kept: hashes of the first two, and which record was made. An answer
    holds what the patient's record holds; a copy of it would outlive corrections, restrictions and erasure. It is made
    anew from the record, for whoever may still see it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, help_text="keyed hash of the key")
    request = models.CharField(max_length=64, help_text="keyed hash of operation and body")
    record = models.UUIDField(help_text="what was made")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_request_a_key")]

    def __str__(self) -> str:
        return f"Request {self.pk}"
