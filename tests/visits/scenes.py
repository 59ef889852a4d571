"""Photos in the states that the pages have to show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils import timezone

from clinic.visits.models import Photo
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.codes import VIEWS

from .. import factories

COMBINES = "2027.2"
"""The release of `releases_in` that says how the views of a visit are combined."""


def in_each_state(visit: Any) -> dict[str, Photo]:
    """One photo for each state of its analysis, for each word of a clinician, and one never analysed."""

    def photo(exercise: str, side: str = "") -> Photo:
        return factories.PhotoFactory(visit=visit, exercise=exercise, side=side, uploaded_by=visit.clinician)

    def found(photo: Photo, **findings: Any) -> Any:
        data = factories.findings(**{"exercise": photo.exercise, **findings})
        return factories.AnalysisFactory(photo=photo, data=data)

    photos = {
        "succeeded": photo("smile"),
        "without weakness": photo("rest"),
        "other exercise": photo("show_teeth"),
        "confirmed": photo("open_mouth"),
        "corrected": photo("puff_cheek"),
        "queued": photo("sneer", "left"),
        "running": photo("sneer", "right"),
        "rejected": photo("sneer"),
        "failed": photo("smile"),
        "cancelled": photo("smile"),
        "never analysed": photo("smile"),
    }
    found(photos["succeeded"])
    found(photos["without weakness"], palsy=0.1, weak_side=None, grade=1)
    found(photos["other exercise"], exercise="smile")
    by = visit.clinician
    factories.ConfirmationFactory(analysis=found(photos["confirmed"]), by=by, exercise="open_mouth")
    factories.ConfirmationFactory(
        analysis=found(photos["corrected"]), by=by, exercise="puff_cheek", grade=5, agrees=False
    )
    now = timezone.now()
    factories.AnalysisFactory(photo=photos["queued"], queued=True)
    factories.AnalysisFactory(
        photo=photos["running"],
        queued=True,
        status=Status.RUNNING,
        attempt=1,
        started_at=now,
        lease_until=now + timezone.timedelta(minutes=2),
    )
    factories.rejected(photos["rejected"])
    factories.failed(photos["failed"])
    factories.AnalysisFactory(
        photo=photos["cancelled"], queued=True, status=Status.CANCELLED, finished_at=now
    )
    return photos


def releases_in(folder: Path) -> Path:
    """The folder, with one release that combines views, and one that doesn't."""
    for name, visit in ((COMBINES, {"palsy_low": 0.3, "palsy_high": 0.7}), ("2026.11.1", {})):
        (folder / name).mkdir()
        data = {
            "name": name, "files": {}, "exercises": list(VIEWS), "input_sizes": {}, "temperatures": {},
            "thresholds": {}, "preprocessing": 1, "visit": visit,
        }  # fmt: skip
        (folder / name / "release.json").write_text(json.dumps(data))
        (folder / name / "card.json").write_text("{}")
    return folder


def analysed(
    visit: Any,
    exercise: str,
    *,
    release: str = COMBINES,
    side: str = "",
    zones: Any = None,
    verdict: str = "weak",
    **found: Any,
) -> Analysis:
    """A photo of the visit that a release found weak, with the remaining movement by zones."""
    photo = factories.PhotoFactory(visit=visit, exercise=exercise, side=side)
    data = factories.findings(**{"exercise": exercise, **found})
    data |= {"palsy_verdict": verdict, "zones": zones or {}}
    return factories.AnalysisFactory(photo=photo, release=release, data=data)
