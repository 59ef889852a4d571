"""The patients who ask for somebody are found without looking at all others."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("recovery", "0005_lists_by_index")]

    operations = [
        AddIndex(
            "patientsummary",
            models.Index(
                condition=models.Q(("worse", True), ("to_retake__gt", 0), ("failed__gt", 0), _connector="OR"),
                fields=["patient"],
                name="summaries_that_ask",
            ),
        ),
    ]
