"""How many photos came in within a day is counted without reading all of them."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("visits", "0003_index_of_changed_photos")]

    operations = [AddIndex("photo", models.Index(fields=["created_at"], name="photos_by_day"))]
