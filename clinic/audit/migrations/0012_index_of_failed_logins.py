"""Failed logins of the last minutes are found without reading the log."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0011_rights_made_so_far")]

    operations = [
        AddIndex(
            "auditevent",
            models.Index(
                condition=models.Q(("kind__in", ["login_failed", "factor_failed"])),
                fields=["at"],
                name="audit_of_failed_logins",
            ),
        ),
    ]
