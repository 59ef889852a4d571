"""The grade of each visit of a patient, read wherever the product tells it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from django.urls import reverse

from clinic.common.templatetags.risorius import ROMAN
from clinic.recovery.export import history_csv
from clinic.recovery.selectors import history
from clinic.visits.models import Visit

NUMBERS = {roman: number for number, roman in ROMAN.items()}
Said = tuple[int | None, str]
"""A grade and whose it is: "clinician", "model", or empty where there is none."""


def grades_everywhere(client: Any, patient: Any) -> dict[Visit, dict[str, Said]]:
    """For each visit of the patient the grade by the place that tells it. client: of a person who reads the record."""
    found: dict[Visit, dict[str, Said]] = {visit: {} for visit in patient.visits.order_by("at")}
    for episode in patient.episodes.all():
        _of_episode(client, episode, found)
    for visit in found:
        page = client.get(reverse("visits:detail", args=[visit.pk])).content.decode()
        found[visit]["visit's page"] = _on_page(page)
        api = client.get(reverse("api:visit-findings", args=[visit.pk])).json()
        found[visit]["API: findings"] = (api["visit_grade"], api["visit_grade_source"] or "")
    return found


def _on_page(page: str) -> Said:
    grade = re.search(r'class="visit-grade (clinician|model)-value">\s*<abbr[^>]*>HB</abbr>\s+([IV]+)<', page)
    return (NUMBERS[grade[2]], grade[1]) if grade else (None, "")


def _of_episode(client: Any, episode: Any, found: dict[Visit, dict[str, Said]]) -> None:
    patient, course = episode.patient, history(episode=episode)
    query = {"episode": str(episode.pk)}
    page = client.get(reverse("patients:detail", args=[patient.pk]), query).content.decode()
    data = client.get(reverse("recovery:data", args=[patient.pk]), query).json()
    api = client.get(reverse("api:episode-history", args=[episode.pk])).json()
    rows = csv.DictReader(io.StringIO(history_csv(history=course, record_number="1").lstrip("\ufeff")))
    told = {row["visit_id"]: row for row in rows if row["record"] == "visit"}
    charted = {one["visit"]: (one["grade"], one["grade_source"]) for one in data["visits"]}
    answered = {one["visit"]: (one["grade"], one["grade_source"] or "") for one in api["visits"]}
    for visit, said in found.items():
        if visit.episode_id != episode.pk:
            continue
        row, pk = told[str(visit.pk)], str(visit.pk)
        said["chart"] = charted[pk]
        said["API: history"] = answered[pk]
        said["CSV"] = (int(row["visit_grade"]) if row["visit_grade"] else None, row["visit_grade_source"])
        said["table, printed too"] = _in_table(page, pk, said["chart"][1])


def _in_table(page: str, pk: str, source: str) -> Said:
    """The table has a column for the clinician's grade and one for the model's."""
    row = re.search(rf'<tr role="row">\s*<th[^>]*>\s*<a href="[^"]*{pk}/">.*?</tr>', page, re.S)
    assert row, "every visit has its row"
    clinician, model = (
        NUMBERS.get(grade)
        for grade in re.findall(r'class="(?:clinician|model)-value">([IV]+|–)<', row[0])[:2]
    )
    if clinician is not None:
        return clinician, "clinician"
    # Beside a clinician's word without a grade the model's own is still told, as the model's.
    return (model, "model") if model is not None and source else (None, "")
