"""The chain's seals, and an index for each search; on PostgreSQL they are built while the log goes on being written."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0003_one_log_for_all_events"),
        ("patients", "0001_initial"),
        ("visits", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "content",
                    models.CharField(
                        blank=True, help_text="of the line of a history that the event points at", max_length=64
                    ),
                ),
                ("hash", models.CharField(max_length=64)),
                ("key", models.CharField(help_text="which key it was made with", max_length=8)),
                ("sealed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seal",
                        to="audit.auditevent",
                    ),
                ),
            ],
            options={"ordering": ["position"]},
        ),
        AddIndex("auditevent", models.Index(fields=["clinic", "-at", "-id"], name="audit_of_a_clinic")),
        AddIndex("auditevent", models.Index(fields=["clinic", "kind", "-at", "-id"], name="audit_of_a_kind")),
        AddIndex("auditevent", models.Index(fields=["user", "-at", "-id"], name="audit_of_a_person")),
        migrations.AlterField(
            "auditevent", "at", models.DateTimeField(default=django.utils.timezone.now, editable=False)
        ),
        migrations.AlterField(
            "auditevent",
            "clinic",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.clinic",
            ),
        ),
        migrations.AlterField(
            "auditevent",
            "patient",
            models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="patients.patient",
            ),
        ),
        migrations.AlterField(
            "auditevent",
            "user",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
