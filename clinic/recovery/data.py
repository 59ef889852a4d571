"""The history as plain values, for the charts and for whoever fetches the page's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinic.common import written
from clinic.common.templatetags.risorius import ROMAN
from clinic.visits.exercises import BY_CODE

from .compared import Reading
from .course import Course, number
from .history import EpisodeHistory, ModelChange, TimelineMark, TreatmentMark, VisitPoint
from .noise import measurement_error


def exercise_name(code: str, side: str = "") -> str:
    """The exercise's name in the reader's language, with the patient's side where there is one."""
    name = str(BY_CODE[code].name) if code in BY_CODE else code
    if not side:
        return name
    words = {"left": pgettext("within a sentence", "left"), "right": pgettext("within a sentence", "right")}
    return _("%(exercise)s, %(side)s") % {"exercise": name, "side": words[side]}


def as_data(history: EpisodeHistory, drawn: Sequence[VisitPoint] | None = None) -> dict[str, Any]:
    """The history as values that JSON can hold; days count from onset. drawn: the visits that the charts draw, of which
    alone the figures are told; all if none are given."""
    visits = history.visits if drawn is None else drawn
    return {
        "episode": str(history.episode_id),
        "onset": history.onset.date.isoformat() if history.onset.is_known else None,
        "onset_precision": history.onset.precision,
        "cause": history.cause,
        "weak_side": history.weak_side,
        "course": _course(history.course),
        "exercises": [
            {"exercise": code, "side": side, "name": exercise_name(code, side)}
            for code, side in history.exercises
        ],
        # Of a long course those that can be told apart in a chart; the file and the API have them all.
        "shown": {"visits": len(visits), "of": len(history.visits)},
        "visits": [_visit(visit, history.mixed) | _counted(history, visit) for visit in visits],
        # By number: 1 is the first of treatments and changes together, as in the page's list.
        "events": [
            {
                "number": one.number,
                "day": _counted(history, one)["day"],
                "title": one.title,
                "change": one.change is not None,
            }
            for one in history.events
        ],
        "treatments": [
            {
                "date": one.date.isoformat(),
                **_counted(history, one),
                "kind": one.kind,
                "label": str(one.label),
                "title": one.title,
                "told": one.told,
                "note": one.note,
                "product": one.product or None,
                "units": one.units,
            }
            for one in history.treatments
        ],
        "model_changes": [
            {
                "date": one.date.isoformat(),
                **_counted(history, one),
                "before": list(one.before),
                "after": list(one.after),
                "visit": str(one.visit_id),
            }
            for one in history.model_changes
        ],
    }


def _course(course: Course) -> dict[str, Any]:
    return {
        "sentence": course.sentence,
        "caveat": course.caveat,
        "region": course.region,
        "value": course.value,
        "change": course.by,
        "kind": course.reading.kind if course.reading else None,
        "measurement_error": course.error,
        "limit": course.limit,
        "verdict": course.verdict,
        "since": course.since.isoformat() if course.since else None,
        "worse": course.worse,
    }


def _counted(
    history: EpisodeHistory, one: VisitPoint | TreatmentMark | ModelChange | TimelineMark
) -> dict[str, int | None]:
    """Days and weeks since onset; None unless that is known to the day."""
    known = history.onset.days(one.date) is not None
    return {"day": one.day if known else None, "week": one.week if known else None}


def _visit(visit: VisitPoint, mixed: frozenset[str]) -> dict[str, Any]:
    grade = visit.model_grade
    return {
        "visit": str(visit.visit_id),
        "url": written.address("visits:detail", visit.visit_id),
        "date": visit.date.isoformat(),
        "date_text": written.day(visit.date),
        "since_onset": visit.since,
        "clinician": {
            "grade": visit.clinician_grade,
            "grade_text": ROMAN.get(visit.clinician_grade or 0, ""),
        },
        "grade": visit.grade,
        "grade_source": visit.grade_source,
        "model": {
            "preliminary": visit.preliminary,
            "grade": grade.grade if grade else None,
            "grade_text": ROMAN[grade.grade] if grade else "",
            "lowest": grade.lowest if grade else None,
            "highest": grade.highest if grade else None,
            "photos": grade.photos if grade else 0,
            "reviewed": grade.reviewed if grade else False,
            **{
                region: _reading(reading, region, region in mixed)
                for region, reading in visit.readings.items()
            },
            "rest": {
                one.name: {"value": one.value, "side": one.side, "measurement_error": one.error}
                for one in visit.resting
            },
            "composite": visit.composite,
            "releases": list(visit.releases),
        },
        "photos": [
            {
                "photo": photo.photo,
                "url": written.address("visits:photo", photo.photo),
                "exercise": photo.exercise,
                "side": photo.side,
                "brow": photo.brow,
                "eye": photo.eye,
                "mouth": photo.mouth,
                "share": photo.share,
                "left_mm": photo.left,
                "right_mm": photo.right,
                "release": photo.release,
                "reviewed": photo.reviewed,
            }
            for photo in visit.counted
        ],
        "waiting": visit.waiting,
    }


def _reading(reading: Reading | None, region: str, named: bool) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "value": reading.value,
        "text": number(reading.value),
        "kind": reading.kind,
        "exercise": reading.exercise,
        "exercises": list(reading.exercises),
        "left_mm": reading.left,
        "right_mm": reading.right,
        "rest_borrowed_from": reading.rest_date.isoformat() if reading.rest_date else None,
        # Said where the figures of this region come from several exercises.
        "from": ", ".join(map(exercise_name, reading.exercises)) if named else "",
        "measurement_error": measurement_error(reading, region),
        "release": reading.release,
        "reviewed": reading.reviewed,
    }
