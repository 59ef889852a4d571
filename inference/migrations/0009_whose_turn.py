"""The priority of an analysis in the queue; those that wait already come first, as they were sent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0008_tallies")]

    operations = [
        migrations.AddField(
            model_name="analysis",
            name="priority",
            field=models.PositiveSmallIntegerField(
                default=0, db_default=0, help_text="of its message, 0 before all; see inference.turns"
            ),
        ),
    ]
