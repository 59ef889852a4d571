"""What every clinical record has."""

import uuid

from django.db import models


class Record(models.Model):
    """A row with a random identifier, safe to show in a URL, and the time at which it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True
