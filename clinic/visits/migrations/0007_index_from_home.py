"""What was sent from home and nobody has looked at is listed without reading all visits."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("visits", "0006_from_home")]

    operations = [
        AddIndex(
            "visit",
            models.Index(
                fields=["at"],
                condition=models.Q(origin="home", seen_at__isnull=True, archived_at__isnull=True),
                name="unseen_visits_from_home",
            ),
        )
    ]
