"""The history as CSV: one row a visit, photo, measure of a photo, treatment or change of the model, told apart by
`record`.

ISO dates whatever the language. The clinician's columns and the model's stand apart by their names, and every figure
of the model's has its release beside it. `movement` is the weak side's movement since rest as a share of the other's
(-1 to 1), `symmetry` a ratio of two distances in one photo (0 to 1). `visit_grade` is the visit's one House-Brackmann
grade, 1 to 6, and `visit_grade_source` whose it is: a clinician's, else the model's from all views together; photos
have none. `_mm` are millimetres, sides are the patient's own. A measure's row tells left, right, left less right (or
the one value of the whole face), its unit, its measurement error (smallest change that is more than noise), and whether
its scale is that of the photo's irises or of the photo at rest. What nobody measured or said is an empty cell, never a
zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from clinic.common.sheets import BOM, PROGRAMS, Dialect, Value, cell, line, lines, number_as_text
from inference.pipeline.codes import SIDES

from .compared import Reading
from .figures import MeasureFigure, measures_of
from .history import EpisodeHistory, VisitPoint
from .measures import PhotoPoint
from .noise import measurement_error

REGIONS: Final = ("brow", "eye", "mouth")
COLUMNS: Final[tuple[str, ...]] = (
    "record",
    "record_number",
    "cause",
    "weak_side",
    "onset_date",
    "onset_precision",
    "date",
    "day_since_onset",
    "week_since_onset",
    "visit_id",
    "photo_id",
    "exercise",
    "side",
    "clinician",
    "visit_grade",
    "visit_grade_source",
    "clinician_grade",
    "clinician_weak_side",
    "clinician_palsy",
    "model_preliminary",
    "model_exercise",
    "model_grade",
    "model_grade_lowest",
    "model_grade_highest",
    "model_weak_side",
    "model_palsy_probability",
    "model_palsy_verdict",
    *(
        f"model_{region}_{what}"
        for region in REGIONS
        for what in ("movement", "symmetry", "error", "exercise")
    ),
    "model_composite",
    "model_movement",
    "model_moved_left_mm",
    "model_moved_right_mm",
    *(f"model_{region}_{side}_mm" for region in REGIONS for side in SIDES),
    "model_measure",
    "model_measure_left",
    "model_measure_right",
    "model_measure_difference",
    "model_measure_value",
    "model_measure_unit",
    "model_measure_error",
    "model_scale_from",
    "model_rest_date",
    "model_release",
    "event",
    "note",
)
# Numbers that aren't: Excel would take their noughts away, or make a date of them.
KEPT: Final = frozenset({"record_number"})
PLACES: Final = {name: place for place, name in enumerate(COLUMNS)}
LINES_AT_ONCE: Final = 500
VISITS_AT_ONCE: Final = 25


Whole = Callable[[Sequence[VisitPoint]], Sequence[VisitPoint]]
"""Reads the photos of some visits of a course."""


def history_csv(
    *, history: EpisodeHistory | None, record_number: str, dialect: Dialect = PROGRAMS, whole: Whole = list
) -> str:
    """The whole file; of a patient without an episode, the columns alone."""
    return "".join(history_lines(history=history, record_number=record_number, dialect=dialect, whole=whole))


def history_lines(
    *, history: EpisodeHistory | None, record_number: str, dialect: Dialect = PROGRAMS, whole: Whole = list
) -> Iterator[str]:
    """The file as it grows, some lines at a time: a long course has fifty thousand. whole: where `history` has no
    photos, reads those of some visits, so that they are never all in memory."""
    yield BOM + line(COLUMNS, dialect)
    if history is None:
        return
    onset = history.onset
    each: dict[str, Value] = {
        "record_number": record_number,
        "cause": history.cause,
        "weak_side": history.weak_side,
        "onset_date": onset.date.isoformat() if onset.is_known else None,
        "onset_precision": onset.precision,
    }
    same = _cells(each, [""] * len(COLUMNS), dialect)
    some: list[list[str]] = []
    for row in rows(history, whole):
        some.append(_cells(row, same, dialect))
        if len(some) == LINES_AT_ONCE:
            yield lines(some, dialect)
            some = []
    yield lines(some, dialect)


def _cells(row: dict[str, Value], same: list[str], dialect: Dialect) -> list[str]:
    """The row's cells; same: those that every row has alike."""
    cells = same.copy()
    for name, value in row.items():
        if value is not None:
            cells[PLACES[name]] = (
                number_as_text(str(value), dialect) if name in KEPT and value else cell(value, dialect)
            )
    return cells


def rows(history: EpisodeHistory, whole: Whole = list) -> Iterator[dict[str, Value]]:
    """The rows in the order of their dates; within a day treatments first, then the visit, its photos and measures."""
    dated: list[tuple[tuple[int, int, int], dict[str, Value] | VisitPoint]] = []
    known = history.onset.precision == "day"
    for place, treatment in enumerate(history.treatments):
        row = _at("treatment", treatment.date.isoformat(), treatment.day, treatment.week, known)
        dated.append(((treatment.day, 0, place), row | {"event": treatment.kind, "note": treatment.note}))
    for place, change in enumerate(history.model_changes):
        row = _at("model_change", change.date.isoformat(), change.day, change.week, known)
        more: dict[str, Value] = {"visit_id": str(change.visit_id), "model_release": " ".join(change.after)}
        event: dict[str, Value] = {"event": f"{' '.join(change.before)} > {' '.join(change.after)}"}
        dated.append(((change.day, 1, place), row | more | event))
    dated += [((visit.day, 2, place), visit) for place, visit in enumerate(history.visits)]
    dated.sort(key=lambda one: one[0])
    read = _in_turn([one for _, one in dated if isinstance(one, VisitPoint)], whole)
    for _, one in dated:
        if isinstance(one, VisitPoint):
            yield from _rows_of(next(read), known)
        else:
            yield one


def _in_turn(visits: Sequence[VisitPoint], whole: Whole) -> Iterator[VisitPoint]:
    """The visits with their photos, in that order."""
    for begin in range(0, len(visits), VISITS_AT_ONCE):
        some = visits[begin : begin + VISITS_AT_ONCE]
        by_id = {one.visit_id: one for one in whole(some)}
        # A visit that was archived meanwhile is told without its photos.
        yield from (by_id.get(one.visit_id, one) for one in some)


def _rows_of(visit: VisitPoint, known: bool) -> Iterator[dict[str, Value]]:
    at = _at("visit", visit.date.isoformat(), visit.day, visit.week, known)
    yield at | _visit(visit)
    for photo in visit.photos if visit.known is not None else ():
        yield at | {"record": "photo"} | _photo(visit, photo)
        for one in measures_of(photo):
            yield at | {"record": "measure"} | _measure(visit, photo, one)


def _at(record: str, date: str, day: int, week: int, known: bool) -> dict[str, Value]:
    counted: dict[str, Value] = {"day_since_onset": day, "week_since_onset": week} if known else {}
    return {"record": record, "date": date} | counted


def _visit(visit: VisitPoint) -> dict[str, Value]:
    grade = visit.model_grade
    values: dict[str, Value] = {
        "visit_id": str(visit.visit_id),
        "clinician": visit.clinician,
        "visit_grade": visit.grade,
        "visit_grade_source": visit.grade_source,
        "clinician_grade": visit.clinician_grade,
        **_said(visit),
        "model_preliminary": visit.preliminary if visit.counted else None,
        "model_grade": grade.grade if grade else None,
        "model_grade_lowest": grade.lowest if grade else None,
        "model_grade_highest": grade.highest if grade else None,
        "model_composite": visit.composite,
        "model_release": " ".join(visit.releases),
    }
    for region, reading in visit.readings.items():
        if reading is not None:
            values |= _region(region, reading)
    return values


def _said(visit: VisitPoint) -> dict[str, Value]:
    """The clinician's word and the model's on the whole visit."""
    if visit.known is None:
        return {}
    clinician, model = visit.finding.clinician, visit.finding.model
    return {
        "clinician_weak_side": clinician.weak_side if clinician else None,
        "clinician_palsy": clinician.palsy if clinician else None,
        "model_weak_side": model.weak_side if model else None,
        "model_palsy_verdict": model.stated_verdict if model else None,
    }


def _region(region: str, reading: Reading) -> dict[str, Value]:
    what = "movement" if reading.kind == "movement" else "symmetry"
    return {
        f"model_{region}_{what}": reading.value,
        f"model_{region}_error": measurement_error(reading, region),
        f"model_{region}_exercise": " ".join(reading.exercises),
        "model_rest_date": reading.rest_date.isoformat() if reading.rest_date else None,
    }


def _photo(visit: VisitPoint, photo: PhotoPoint) -> dict[str, Value]:
    result, word = photo.result, photo.confirmed
    values: dict[str, Value] = _named(visit, photo) | {"event": photo.error_code if result is None else ""}
    if word is not None:
        values |= {
            "clinician": word.by,
            "clinician_weak_side": word.weak_side,
            "clinician_palsy": word.palsy,
        }
    if result is not None:
        values |= {
            "model_preliminary": not photo.is_reviewed,
            "model_exercise": result.exercise,
            "model_weak_side": result.weak_side,
            "model_palsy_probability": result.palsy_probability,
            "model_palsy_verdict": result.verdict,
            "model_brow_symmetry": result.brow,
            "model_eye_symmetry": result.eye,
            "model_mouth_symmetry": result.mouth,
            "model_movement": result.share,
            "model_moved_left_mm": result.moved.left if result.moved else None,
            "model_moved_right_mm": result.moved.right if result.moved else None,
            "model_scale_from": result.symmetry.get("scale_from"),
            "model_release": result.release,
        }
        for region, lengths in result.lengths.items():
            for side, length in zip(SIDES, lengths, strict=True):
                values[f"model_{region}_{side}_mm"] = length
    return values


def _measure(visit: VisitPoint, photo: PhotoPoint, one: MeasureFigure) -> dict[str, Value]:
    return _named(visit, photo) | {
        "model_preliminary": not photo.is_reviewed,
        "model_measure": one.name,
        "model_measure_left": one.left,
        "model_measure_right": one.right,
        "model_measure_difference": one.difference,
        "model_measure_value": one.value,
        "model_measure_unit": one.unit,
        "model_measure_error": one.error,
        "model_scale_from": one.scale_from,
        "model_release": one.release,
    }


def _named(visit: VisitPoint, photo: PhotoPoint) -> dict[str, Value]:
    return {
        "visit_id": str(visit.visit_id),
        "photo_id": str(photo.photo_id),
        "exercise": photo.exercise,
        "side": photo.side,
    }
