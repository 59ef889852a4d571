"""What the page of a check shows, made of records that are never saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference import errors
from inference.finding import figures_of
from inference.jobs.states import Status
from inference.models import Analysis

from . import sentences
from .models import Photo
from .reading import PhotoDetails, photo_details
from .selectors import PhotoCard


@dataclass(frozen=True, slots=True)
class QuickReading:
    """The answer in words and figures: `error` where the photo can't be judged, else all that a photo's page shows."""

    release: str
    card: PhotoCard
    details: PhotoDetails
    sentence: str
    error: errors.ErrorCode | None


def read(found: Mapping[str, Any]) -> QuickReading:
    """What a release found in a photo of which nothing is on record. found: `Findings` as plain data."""
    rejected = found["state"] == "rejected"
    exercise = found.get("exercise") or "rest"
    analysis = Analysis(
        status=Status.REJECTED if rejected else Status.SUCCEEDED,
        release=found["release"],
        exercise=exercise,
        palsy_probability=figures_of(found).palsy,
        weak_side=found.get("weak_side") or "",
        grade=found.get("grade"),
        findings=dict(found),
    )
    error = errors.explain(found["reason"]) if rejected else None
    # Nobody asked for an exercise: what it looks like is taken for what was asked.
    card = PhotoCard(Photo(exercise=exercise), analysis, None, error)
    return QuickReading(
        release=analysis.release,
        card=card,
        details=photo_details(card=card),
        sentence=sentences.model_sentence(card),
        error=error,
    )
