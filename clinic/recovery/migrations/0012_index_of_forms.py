"""What is to be kept anew is found by its form."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("recovery", "0011_courses_kept")]

    operations = [AddIndex("visitsummary", models.Index(fields=["form"], name="visits_by_form"))]
