"""The log of a patient finds what became of photos without reading that each was taken."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("visits", "0002_confirmations_of_photos")]

    operations = [
        AddIndex(
            "historicalphoto",
            models.Index(
                fields=["visit"], condition=~models.Q(history_type="+"), name="photos_changed_since"
            ),
        )
    ]
