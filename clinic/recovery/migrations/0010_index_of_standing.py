"""Lists and Today are read in their order, whichever it is."""

from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("recovery", "0009_standing")]

    operations = [
        AddIndex(
            "patientsummary",
            models.Index(condition=models.Q(("shelf", None)), fields=["patient"], name="summaries_not_placed"),
        ),
        AddIndex(
            "patientsummary",
            models.Index(fields=["moves_at"], name="summaries_that_move"),
        ),
        AddIndex(
            "patientsummary",
            models.Index(fields=["clinic", "shelf", "urgency", "last_visit_at", "patient"], name="summaries_by_urgency"),
        ),
        AddIndex(
            "patientsummary",
            models.Index(fields=["clinic", "shelf", "last_visit_at", "patient"], name="summaries_by_last_visit"),
        ),
        AddIndex(
            "patientsummary",
            models.Index(fields=["clinic", "shelf", "onset_date", "patient"], name="summaries_by_onset"),
        ),
        AddIndex(
            "patientsummary",
            models.Index(fields=["clinic", "shelf", "cause", "weak_side"], name="summaries_by_cause"),
        ),
    ]
