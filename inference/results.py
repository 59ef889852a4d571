"""What a model found, as the database keeps it, and the line of the log that holds its hash."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.db.models import UUIDField

from clinic.audit import services as audit
from clinic.audit.models import Event
from clinic.common.compiled import CompiledQuery

from .models import Analysis
from .references import reference_in_query

if TYPE_CHECKING:
    from inference.pipeline.findings import Findings

RESULT_COLUMNS: dict[str, Any] = {
    "exercise": "",
    "exercise_probability": None,
    "palsy_probability": None,
    "weak_side": "",
    "grade": None,
    "brow_ratio": None,
    "eye_ratio": None,
    "mouth_ratio": None,
    "findings": None,
    "landmarks": None,
}


def result_columns(*, findings: Findings) -> dict[str, Any]:
    """What `RESULT_COLUMNS` hold for these findings."""
    ratios = {
        f"{part}_ratio": (findings.symmetry.get(part) or {}).get("ratio") for part in ("brow", "eye", "mouth")
    }
    return {
        "exercise": findings.exercise or "",
        "exercise_probability": findings.exercise_probabilities.get(findings.exercise or ""),
        "palsy_probability": findings.palsy_probability,
        "weak_side": findings.weak_side or "",
        "grade": findings.grade,
        "findings": without_landmarks(findings=findings),
        "landmarks": findings.landmarks or None,
        **ratios,
    }


def without_landmarks(*, findings: Findings) -> dict[str, Any]:
    """Not by `asdict`, which would copy the thousand numbers that are left out."""
    return {f.name: getattr(findings, f.name) for f in fields(findings) if f.name != "landmarks"}


def _whereabouts(*, pk: uuid.UUID) -> Any:
    patient = "photo__visit__patient"
    wanted = reference_in_query(photo="photo__")
    return Analysis.everything.filter(pk=pk).values_list(
        "photo__visit_id", f"{patient}_id", f"{patient}__clinic_id", "photo__exercise", wanted
    )


_WHEREABOUTS = CompiledQuery(_whereabouts, pk=UUIDField())


@dataclass(frozen=True, slots=True)
class Stored:
    """An analysis as the database holds it; whose photo it is, as which exercise it is on record, and beside which face
    at rest it would be judged at this moment, for photos are moved and filed while a worker has them."""

    analysis: Analysis
    visit_id: uuid.UUID
    patient_id: uuid.UUID
    clinic_id: uuid.UUID
    exercise: str
    wanted_reference: uuid.UUID | None


def as_stored(*, analysis_id: uuid.UUID) -> Stored:
    """Read it, after it was written."""
    [whereabouts] = _WHEREABOUTS(pk=analysis_id)
    return Stored(Analysis.everything.get(pk=analysis_id), *whereabouts)


def log_result(*, stored: Stored) -> None:
    """Let the log's line hold the hash of a result, in the transaction that wrote it: from here on it never changes."""
    audit.log_result(record=stored.analysis, patient_id=stored.patient_id, clinic_id=stored.clinic_id)


def log_asked(*, analysis: Analysis) -> None:
    """Say in the log that somebody asked for this analysis once more."""
    photo = analysis.photo
    detail: dict[str, str | int] = {"record": "analysis", "how": "asked_for"}
    audit.log_act(kind=Event.CHANGE, patient=photo.visit.patient, photo=photo, detail=detail)
