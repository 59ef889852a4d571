"""The history as plain values, for the charts and for whoever fetches the page's data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinic.common.templatetags.risorius import ROMAN
from clinic.visits.exercises import BY_CODE

from .chart_words import ChartWords
from .compared import Kind, Reading
from .course import Course
from .history import EpisodeHistory, ModelChange, TimelineMark, TreatmentMark, VisitPoint
from .kept import Counted
from .noise import error_of
from .resting import resting_error
from .scores import ScaleScore, ScoreChange, by_scale, changes_of, changes_since_first


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
    writer = _VisitWriter(history)
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
        "visits": [writer.visit(visit) | _counted(history, visit) for visit in visits],
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
        "scores": scores_as_data(history),
    }


def scores_as_data(history: EpisodeHistory) -> list[dict[str, Any]]:
    """What clinical scales came to, oldest first, each with what differs from the one before and from the first."""
    places: dict[Any, tuple[list[ScaleScore], int]] = {
        one.assessment_id: (scores, place)
        for _scale, scores in by_scale(history.scores)
        for place, one in enumerate(scores)
    }
    return [_score(history, one, *places.get(one.assessment_id, ([one], 0))) for one in history.scores]


def _score(
    history: EpisodeHistory, score: ScaleScore, scores: Sequence[ScaleScore], place: int
) -> dict[str, Any]:
    return {
        "assessment": str(score.assessment_id),
        "visit": str(score.visit_id) if score.visit_id else None,
        "date": score.date.isoformat(),
        **_counted(history, score),
        "since_onset": score.since,
        "scale": score.scale,
        "scale_version": score.version,
        "rated_by": score.rater or None,
        "by": score.by,
        "way": score.way or None,
        "language": score.language or None,
        "total": score.total,
        "sub_scores": dict(score.sub_scores),
        "missing": list(score.missing),
        "since_before": [_change(one) for one in changes_of(scores, place)],
        "since_first": [_change(one) for one in changes_since_first(scores, place)],
    }


def _change(change: ScoreChange) -> dict[str, Any]:
    return {
        "figure": change.figure.code,
        "since": change.since.isoformat(),
        "before": change.before,
        "now": change.now,
        "by": change.by,
        "smallest_detectable": change.figure.detectable,
        "verdict": change.verdict,
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
    history: EpisodeHistory, one: VisitPoint | TreatmentMark | ModelChange | TimelineMark | ScaleScore
) -> dict[str, int | None]:
    """Days and weeks since onset; None unless that is known to the day."""
    known = history.onset.days(one.date) is not None
    return {"day": one.day if known else None, "week": one.week if known else None}


class _VisitWriter:
    """Tells the visits of one course. What releases say of their errors, and what exercises are called, is the same of
    most of them."""

    def __init__(self, history: EpisodeHistory) -> None:
        self.mixed = history.mixed
        self.words = ChartWords()
        self.error = functools.cache(_error_of)
        self.resting_error = functools.cache(resting_error)
        self.names = functools.cache(_exercise_names)

    def visit(self, visit: VisitPoint) -> dict[str, Any]:
        """One visit, without its days."""
        grade = visit.model_grade
        return {
            "visit": str(visit.visit_id),
            "url": self.words.visit_url(visit),
            "date": visit.date.isoformat(),
            "date_text": self.words.day(visit.date),
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
                **{region: self.reading(reading, region) for region, reading in visit.readings.items()},
                "rest": {
                    one.name: {
                        "value": one.value,
                        "side": one.side,
                        "measurement_error": self.resting_error(one.name, one.release),
                    }
                    for one in visit.resting
                },
                "composite": visit.composite,
                "releases": list(visit.releases),
            },
            "photos": [self.photo(photo) for photo in visit.counted],
            "waiting": visit.waiting,
        }

    def photo(self, photo: Counted) -> dict[str, Any]:
        """A photo that counts for its exercise."""
        return {
            "photo": photo.photo,
            "url": self.words.address("visits:photo", photo.photo),
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

    def reading(self, reading: Reading | None, region: str) -> dict[str, Any] | None:
        """A region's figure."""
        if reading is None:
            return None
        return {
            "value": reading.value,
            "text": self.words.number(reading.value),
            "kind": reading.kind,
            "exercise": reading.exercise,
            "exercises": list(reading.exercises),
            "left_mm": reading.left,
            "right_mm": reading.right,
            "rest_borrowed_from": reading.rest_date.isoformat() if reading.rest_date else None,
            # Said where the figures of this region come from several exercises.
            "from": self.names(reading.exercises) if region in self.mixed else "",
            "measurement_error": self.error(region, reading.exercises, reading.release, reading.kind),
            "release": reading.release,
            "reviewed": reading.reviewed,
        }


def _error_of(region: str, exercises: tuple[str, ...], release: str, kind: Kind) -> float | None:
    """Of a region's figure in those exercises."""
    return error_of(region=region, exercises=exercises, release=release, kind=kind)


def _exercise_names(codes: tuple[str, ...]) -> str:
    return ", ".join(map(exercise_name, codes))
