"""Which patients' visits are in the clinic's counts of releases."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("patients", "0008_how_exactly_known"), ("recovery", "0003_fall")]

    operations = [
        migrations.AddField(
            model_name="patientsummary",
            name="counted",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="the visits are in the clinic's counts of releases",
            ),
        ),
        AddIndex(
            "patientsummary",
            models.Index(
                condition=models.Q(("counted", False)), fields=["patient"], name="summaries_not_counted"
            ),
        ),
    ]
