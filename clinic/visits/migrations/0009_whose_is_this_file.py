"""Whose a file of the store is, is found by its name, however many photos there are."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("visits", "0008_photos_of_an_uploader")]

    operations = [
        AddIndex("photo", models.Index(fields=["image"], name="photo_by_image")),
        AddIndex("photo", models.Index(fields=["thumbnail"], name="photo_by_thumbnail")),
    ]
