"""What ended lately is found by its time, however many analyses there are."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inference", "0006_reference")]

    operations = [
        AddIndex("analysis", models.Index(fields=["finished_at"], name="analyses_by_end")),
    ]
