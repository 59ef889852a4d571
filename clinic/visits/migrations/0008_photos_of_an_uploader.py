"""How many photos somebody uploaded lately is found without reading the others."""

from django.conf import settings
from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("visits", "0007_when_a_visit_was_confirmed"),
    ]

    operations = [
        AddIndex("photo", models.Index(fields=["uploaded_by", "-created_at"], name="photos_of_an_uploader")),
    ]
