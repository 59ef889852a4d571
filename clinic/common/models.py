"""What every clinical record has."""

import uuid

from django.db import models


class Record(models.Model):
    """A row with a random identifier, safe to show in a URL, and the time at which it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True


class Versioned(models.Model):
    """A row that several people may edit: each save raises its version by one; see `clinic.common.versions`."""

    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
