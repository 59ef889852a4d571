"""Lists are read from an index in their order, and birth dates found by one."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("patients", "0008_how_exactly_known")]

    operations = [
        AddIndex("patient", models.Index(fields=["clinic", "birth_date"], name="patients_by_birth_date")),
        AddIndex(
            "patient",
            models.Index(
                condition=models.Q(("archived_at__isnull", True), ("restricted_at__isnull", True)),
                fields=["clinic", "sort_name", "name", "id"],
                name="patients_on_the_lists",
            ),
        ),
    ]
