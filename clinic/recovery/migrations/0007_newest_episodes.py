"""Each summary knows the newest episode."""

from django.db import migrations, models


def fill(apps, schema_editor):
    """Of each patient's newest episode; which visits wait is counted in the background."""
    Summary = apps.get_model("recovery", "PatientSummary")
    Episode = apps.get_model("patients", "Episode")
    without = apps.get_model("patients", "Patient").objects.filter(summary=None, erasures=None)
    Summary.objects.bulk_create(
        [Summary(patient_id=pk) for pk in without.values_list("pk", flat=True)], batch_size=500
    )
    newest = Episode.objects.filter(patient=models.OuterRef("patient")).order_by("-onset_date", "-created_at")
    names = ("cause", "weak_side", "onset_date", "onset_precision")
    of_newest = {name: models.Subquery(newest.values(name)[:1]) for name in names}
    Summary.objects.update(counted=False, **of_newest)
    # Known to have none, which is more than not known.
    Summary.objects.filter(cause=None).update(cause="")


class Migration(migrations.Migration):
    dependencies = [("recovery", "0006_index_of_what_asks")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
