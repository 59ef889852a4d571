"""The table of reads becomes the log of all events.

Table, column and old rows stay as they are, and what is new has a default in the database: while a clinic
upgrades, the release before this one goes on writing its reads.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("record", "Opened the record"),
    ("photo", "Saw a photo"),
    ("export", "Exported data"),
    ("change", "Changed the record"),
    ("login", "Logged in"),
    ("login_failed", "Login failed"),
    ("locked_out", "Locked out after failed logins"),
    ("logout", "Logged out"),
    ("password_changed", "Password changed"),
    ("factor_added", "Second factor added"),
    ("factor_removed", "Second factor removed"),
    ("factor_failed", "Second factor failed"),
    ("session_ended", "Session ended"),
    ("step_up", "Proved who they are again"),
    ("step_up_failed", "Failed to prove who they are"),
    ("member_changed", "Changed a member's access"),
    ("correction", "Correction asked for or made"),
    ("restriction", "Restricted the record"),
    ("restriction_lifted", "Lifted the restriction"),
    ("erasure", "Erased data"),
    ("legal_hold", "Put under legal hold"),
    ("legal_hold_lifted", "Lifted the legal hold"),
    ("key_rotated", "Changed an encryption key"),
    ("backup", "Made a backup"),
    ("restore", "Restored a backup"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0001_initial"),
        ("visits", "0001_initial"),
        ("audit", "0002_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelTable("readevent", "audit_readevent"),
        migrations.RenameModel("ReadEvent", "AuditEvent"),
        migrations.AlterField(
            "auditevent", "access", models.CharField(choices=KINDS, db_column="access", max_length=24)
        ),
        migrations.RenameField("auditevent", "access", "kind"),
        migrations.AlterField(
            "auditevent",
            "user",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "auditevent",
            "clinic",
            models.ForeignKey(
                blank=True,
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
                null=True,
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="patients.patient",
            ),
        ),
        migrations.AlterField(
            "auditevent",
            "photo",
            models.ForeignKey(
                blank=True,
                null=True,
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="visits.photo",
            ),
        ),
        migrations.AlterField(
            "auditevent",
            "page",
            models.CharField(
                blank=True, help_text="name of the page or API call, never its arguments", max_length=64
            ),
        ),
        migrations.AddField(
            "auditevent",
            "reason",
            models.CharField(
                blank=True,
                db_default="",
                help_text="typed where access is unusual",
                max_length=200,
                verbose_name="reason",
            ),
        ),
        migrations.AddField(
            "auditevent",
            "detail",
            models.JSONField(
                blank=True, db_default={}, default=dict, help_text="codes and counts, never a name or a text"
            ),
        ),
        migrations.CreateModel(
            name="ReadEvent",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("audit.auditevent",),
        ),
    ]
