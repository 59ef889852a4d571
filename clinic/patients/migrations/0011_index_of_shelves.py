"""The archive is listed, and closed records are counted, without looking at all others."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("patients", "0010_index_of_parts")]

    operations = [
        AddIndex(
            "patient",
            models.Index(
                condition=models.Q(("archived_at__isnull", False)),
                fields=["clinic", "sort_name", "name", "id"],
                name="patients_in_the_archive",
            ),
        ),
        AddIndex(
            "patient",
            models.Index(
                condition=models.Q(("restricted_at__isnull", False)),
                fields=["clinic"],
                name="patients_restricted",
            ),
        ),
    ]
