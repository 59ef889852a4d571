"""An analysis names the photo at rest that it was made beside; one photo may be judged beside several."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0005_who_holds_an_analysis"),
        ("visits", "0002_rights_of_patients"),
    ]

    operations = [
        migrations.AddField(
            model_name="analysis",
            name="reference",
            field=models.ForeignKey(
                blank=True,
                help_text="the face at rest that the photo was judged beside",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="visits.photo",
            ),
        ),
        migrations.RemoveConstraint(model_name="analysis", name="one_analysis_per_photo_and_release"),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["queued", "running"])),
                fields=("photo", "release"),
                name="one_open_analysis_per_photo_and_release",
            ),
        ),
    ]
