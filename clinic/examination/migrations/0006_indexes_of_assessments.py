"""Assessments are found by the episode or link that they were answered for, without locking the table meanwhile."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("examination", "0005_wordings")]

    operations = [
        AddIndex(
            model_name="assessment",
            index=models.Index(condition=models.Q(("episode__isnull", False)), fields=["episode"], name="assessments_between_visits"),
        ),
        AddIndex(
            model_name="assessment",
            index=models.Index(condition=models.Q(("link__isnull", False)), fields=["link"], name="assessments_by_link"),
        ),
    ]
