"""What somebody typed for unusual access lies in a row of its own, which goes with the record."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0009_statements_made_so_far")]

    operations = [
        migrations.AlterField(
            "auditevent",
            "reason",
            models.CharField(
                blank=True, db_column="reason", db_default="", max_length=200, verbose_name="reason"
            ),
        ),
        migrations.RenameField("auditevent", "reason", "noted_reason"),
        migrations.CreateModel(
            name="Reason",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="typed",
                        serialize=False,
                        to="audit.auditevent",
                    ),
                ),
                ("text", models.CharField(max_length=200, verbose_name="reason")),
                ("salt", models.CharField(max_length=32)),
            ],
        ),
    ]
