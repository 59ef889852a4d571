"""Photos of closed eyes with the gaps that a release measured in them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

import pytest
from django.utils import timezone

from inference.pipeline import active_folder
from tests import factories
from tests.recovery import scenes


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    return factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET, weak_side="right")


def symmetry(left: float, right: float) -> dict[str, object]:
    """What a release measured of two eyes, mm, in the scale of a photo at rest."""
    gap = {"left": left, "right": right, "ratio": None, "difference": left - right}
    return {
        "unit": "mm",
        "mm_per_px": 0.4,
        "scale_from": "rest_photo",
        "eyes_px": 160.0,
        "eyes_mm": 64.0,
        "measures": {"palpebral_fissure": gap},
        **{name: {"left": left, "right": right, "ratio": 0.9} for name in ("brow", "eye", "mouth")},
        "composite": 0.9,
    }


def closed(visit, left, right, exercise="tight_eye_closure", *, found=None, verdict="weak", **fields):  # type: ignore[no-untyped-def]
    """A photo of closed eyes, with the gap that each leaves, mm."""
    data = factories.findings(exercise=found or exercise, weak_side="right", grade=5)
    data |= {"symmetry": symmetry(left, right), "palsy_verdict": verdict}
    photo = factories.PhotoFactory(visit=visit, exercise=exercise, **fields)
    return factories.AnalysisFactory(photo=photo, release=active_folder().name, data=data)


def at_rest(visit, left=9.0, right=10.0):  # type: ignore[no-untyped-def]
    return closed(visit, left, right, "rest")


@pytest.fixture
def where_the_clinic_is() -> Iterator[None]:
    """Days are the clinic's, as on each of its pages, whatever hour it is elsewhere."""
    with timezone.override(zoneinfo.ZoneInfo(factories.TIME_ZONE)):
        yield
