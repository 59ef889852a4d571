"""Patients who may have a milestone are placed anew by the watchdog's next rounds."""

from __future__ import annotations

import datetime as dt

from typing import Any

from django.db import migrations
from django.db.models import Q
from django.utils import timezone


def place_again(apps: Any, schema_editor: Any) -> None:
    """Of toxin within 17 weeks, or a Bell's palsy within 14 months."""
    today = timezone.now().date()
    toxin = Q(kind="botulinum_toxin", date__gte=today - dt.timedelta(weeks=17))
    treatments = apps.get_model("patients", "Treatment").objects.filter(toxin)
    bells = Q(cause="bells_palsy", onset_date__gte=today - dt.timedelta(days=427))
    episodes = apps.get_model("patients", "Episode").objects.filter(
        bells | Q(pk__in=treatments.values("episode_id"))
    )
    patients = list(episodes.order_by().values_list("patient_id", flat=True).distinct())
    summaries = apps.get_model("recovery", "PatientSummary").objects
    for start in range(0, len(patients), 500):
        summaries.filter(pk__in=patients[start : start + 500]).update(moves_at=timezone.now())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("recovery", "0003_milestones_due"),
        ("examination", "0003_milestones"),
        ("patients", "0003_treatment_details"),
    ]

    operations = [migrations.RunPython(place_again, migrations.RunPython.noop)]
