"""The demo's record with what the release in use finds in its photos, without files and workers: for tests of pages."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Collection
from typing import Any

from django.core.files.base import ContentFile

from clinic.demo import loader
from clinic.patients.models import Patient
from clinic.recovery.services import refresh_summary
from clinic.visits.confirming import confirm_visit
from clinic.visits.models import Photo, Visit
from inference import services
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline import Analyser, active_folder
from inference.pipeline.findings import Findings
from tests import factories
from tests.faults.house import ROOT

ARTIFACTS = ROOT / "inference" / "artifacts"
VIEWS = (
    "rest",
    "brow_raise",
    "gentle_eye_closure",
    "tight_eye_closure",
    "closed_smile",
    "smile_with_teeth",
)
"""What a grade, the charts and the eyes' tasks rest on; the other views would only take time."""


@functools.cache
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((loader.PHOTOS / "manifest.json").read_text())
    return found


@functools.cache
def analyser() -> Analyser:
    return Analyser(ARTIFACTS)


@functools.cache
def found_in(file: str, rest: str | None) -> Findings:
    """What the release sees in a photo of the demo, beside the same visit's face at rest."""
    beside = (loader.PHOTOS / rest).read_bytes() if rest else None
    return analyser().analyse((loader.PHOTOS / file).read_bytes(), beside)


def load(keys: Collection[str] = (), views: Collection[str] = VIEWS) -> list[Patient]:
    """These patients of the demo, or all, with those of their photos analysed, and all visits but each one's last
    graded."""
    users = loader.staff()
    clinician = users["clinician@melati.example"]
    patients = []
    for number, row in enumerate(manifest()["patients"]):
        if keys and row["key"] not in keys:
            continue
        patient, episode = loader._patient(row, number, loader.people.CLINIC_ID, clinician)
        for place, told in enumerate(row["visits"]):
            chapter = loader.Chapter(patient, episode, clinician, place, told)
            visit = loader._visit_record(chapter, loader._at(episode.onset_date, told["week"], place))
            _photos(visit, [one for one in told["photos"] if one["exercise"] in views])
            if told is not row["visits"][-1]:
                confirm_visit(user=clinician, visit=visit, **loader.graded(row, told))
        refresh_summary(patient_id=patient.pk)
        patients.append(patient)
    return patients


def _photos(visit: Visit, rows: list[dict[str, Any]]) -> None:
    """The photos and their results, a picture of one colour in place of each file."""
    rest = next((row["file"] for row in rows if row["exercise"] == "rest"), None)
    picture = ContentFile(factories.jpeg(), "x.jpg")
    photos = [
        factories.PhotoFactory.build(
            visit=visit,
            exercise=row["exercise"],
            side=row.get("side") or "",
            taken_at=visit.at + dt.timedelta(minutes=minute),
            uploaded_by=visit.clinician,
            image=picture,
            thumbnail=picture,
        )
        for minute, row in enumerate(rows)
    ]
    Photo.objects.bulk_create(photos)
    analyses = []
    for photo, row in zip(photos, rows, strict=True):
        found = found_in(row["file"], None if row["exercise"] == "rest" else rest)
        judged = found.state == Status.SUCCEEDED
        columns = services.result_columns(findings=found) if judged else {"error_code": found.reason}
        analyses.append(
            Analysis(
                photo=photo,
                release=active_folder(ARTIFACTS).name,
                status=Status.SUCCEEDED if judged else Status.REJECTED,
                attempt=1,
                started_at=visit.at,
                finished_at=visit.at + dt.timedelta(minutes=30),
                **columns,
            )
        )
    Analysis.objects.bulk_create(analyses)
