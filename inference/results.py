"""What a model found, as the database keeps it, and the line of the log that holds its hash."""

from __future__ import annotations

import uuid
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from clinic.audit import services as audit
from clinic.audit.models import Event

from .models import Analysis

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
        "landmarks": findings.landmarks,
        **ratios,
    }


def without_landmarks(*, findings: Findings) -> dict[str, Any]:
    """Not by `asdict`, which would copy the thousand numbers that are left out."""
    return {f.name: getattr(findings, f.name) for f in fields(findings) if f.name != "landmarks"}


def log_result(*, analysis_id: uuid.UUID) -> None:
    """Let the log's line hold the hash of a result, in the transaction that wrote it: from here on it never changes."""
    # Whose it is; what it is, the log reads by itself, as it was stored.
    owner = "photo__visit__patient"
    wanted = ("photo__visit__patient__clinic_id",)
    analysis = Analysis.objects.select_related(owner).only(*wanted).get(pk=analysis_id)
    audit.log_result(record=analysis, patient=analysis.photo.visit.patient, photo=analysis.photo)


def log_asked(*, analysis: Analysis) -> None:
    """Say in the log that somebody asked for this analysis once more."""
    photo = analysis.photo
    detail: dict[str, str | int] = {"record": "analysis", "how": "asked_for"}
    audit.log_act(kind=Event.CHANGE, patient=photo.visit.patient, photo=photo, detail=detail)
