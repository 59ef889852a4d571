"""The history as CSV: one row a visit, photo, treatment or change of the model, told apart by `record`.

UTF-8 with a byte order mark, without which Excel reads accents wrongly; ISO dates and decimal points
whatever the language, so that a script in any country reads the same file. The clinician's columns and
the model's stand apart by their names, and every figure of the model's has its release beside it.
A symmetry is a ratio from 0 to 1 (1: both sides alike), a grade is House-Brackmann's from 1 to 6, `_mm` are
millimetres, sides are the patient's own. With closed eyes the eye's symmetry is how alike both close, against the
photo at rest. A verdict is weak, normal or uncertain; an uncertain model names no side and no grade. What nobody
measured or said is an empty cell, never a zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from .history import History, VisitPoint
from .measures import PhotoPoint

BOM: Final = "\ufeff"
COLUMNS: Final[tuple[str, ...]] = (
    "record",
    "record_number",
    "cause",
    "weak_side",
    "onset_date",
    "date",
    "day_since_onset",
    "week_since_onset",
    "visit_id",
    "photo_id",
    "exercise",
    "side",
    "clinician",
    "clinician_grade",
    "clinician_confirmed_grade",
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
    "model_brow_symmetry",
    "model_eye_symmetry",
    "model_mouth_symmetry",
    "model_brow_exercise",
    "model_eye_exercise",
    "model_mouth_exercise",
    "model_composite_symmetry",
    "model_brow_left_mm",
    "model_brow_right_mm",
    "model_eye_left_mm",
    "model_eye_right_mm",
    "model_mouth_left_mm",
    "model_mouth_right_mm",
    "model_release",
    "event",
    "note",
)
# What a spreadsheet would take for a formula at the start of a cell.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")

Value = str | int | float | None


def history_csv(*, history: History | None, record_number: str) -> str:
    """The whole file; of a patient without an episode, the columns alone."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    if history is not None:
        each: dict[str, Value] = {
            "record_number": record_number,
            "cause": history.cause,
            "weak_side": history.weak_side,
            "onset_date": history.onset.isoformat(),
        }
        for row in rows(history):
            writer.writerow({name: _cell(value) for name, value in (each | row).items()})
    return BOM + out.getvalue()


def rows(history: History) -> Iterator[dict[str, Value]]:
    """The rows in the order of their dates; within a day treatments first, then the visit and its photos."""
    dated: list[tuple[tuple[int, int, int], list[dict[str, Value]]]] = []
    for place, treatment in enumerate(history.treatments):
        row = _at("treatment", treatment.date.isoformat(), treatment.day, treatment.week)
        dated.append(((treatment.day, 0, place), [row | {"event": treatment.kind, "note": treatment.note}]))
    for place, change in enumerate(history.model_changes):
        row = _at("model_change", change.date.isoformat(), change.day, change.week)
        more: dict[str, Value] = {"visit_id": str(change.visit_id), "model_release": " ".join(change.after)}
        event: dict[str, Value] = {"event": f"{' '.join(change.before)} > {' '.join(change.after)}"}
        dated.append(((change.day, 1, place), [row | more | event]))
    for place, visit in enumerate(history.visits):
        photos = [_photo(visit, photo) for photo in visit.photos]
        dated.append(((visit.day, 2, place), [_visit(visit), *photos]))
    for _, group in sorted(dated, key=lambda one: one[0]):
        yield from group


def _at(record: str, date: str, day: int, week: int) -> dict[str, Value]:
    return {"record": record, "date": date, "day_since_onset": day, "week_since_onset": week}


def _visit(visit: VisitPoint) -> dict[str, Value]:
    grade = visit.model_grade
    values: dict[str, Value] = {
        "visit_id": str(visit.visit_id),
        "clinician": visit.clinician,
        "clinician_grade": visit.clinician_grade,
        "clinician_confirmed_grade": visit.confirmed_grade,
        "model_preliminary": _yes(visit.preliminary) if visit.counted else None,
        "model_grade": grade.grade if grade else None,
        "model_grade_lowest": grade.lowest if grade else None,
        "model_grade_highest": grade.highest if grade else None,
        "model_brow_symmetry": visit.brow.value if visit.brow else None,
        "model_eye_symmetry": visit.eye.value if visit.eye else None,
        "model_mouth_symmetry": visit.mouth.value if visit.mouth else None,
        **{
            f"model_{region}_exercise": reading.exercise if reading else None
            for region, reading in visit.readings.items()
        },
        "model_composite_symmetry": visit.composite,
        "model_release": " ".join(visit.releases),
    }
    return _at("visit", visit.date.isoformat(), visit.day, visit.week) | values


def _photo(visit: VisitPoint, photo: PhotoPoint) -> dict[str, Value]:
    result, word = photo.result, photo.confirmed
    values: dict[str, Value] = {
        "visit_id": str(visit.visit_id),
        "photo_id": str(photo.photo_id),
        "exercise": photo.exercise,
        "side": photo.side,
        "event": photo.error_code if result is None else "",
    }
    if word is not None:
        values |= {
            "clinician": word.by,
            "clinician_confirmed_grade": word.grade,
            "clinician_weak_side": word.weak_side,
            "clinician_palsy": _yes(word.palsy),
        }
    if result is not None:
        values |= {
            "model_preliminary": _yes(not photo.is_reviewed),
            "model_exercise": result.exercise,
            "model_grade": result.grade,
            "model_weak_side": result.weak_side,
            "model_palsy_probability": result.palsy_probability,
            "model_palsy_verdict": result.verdict,
            "model_brow_symmetry": result.brow,
            "model_eye_symmetry": result.eye,
            "model_mouth_symmetry": result.mouth,
            "model_release": result.release,
        }
        for region, lengths in result.lengths.items():
            for side, length in zip(("left", "right"), lengths, strict=True):
                values[f"model_{region}_{side}_mm"] = length
    return _at("photo", visit.date.isoformat(), visit.day, visit.week) | values


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(value: Value) -> str:
    """The value as text; words that a spreadsheet would run as a formula are kept from it by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return str(value)
    return f"'{value}" if value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA) else value
