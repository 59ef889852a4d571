"""The history as CSV: one row a visit, exercise left out, photo, measure of a photo, treatment, scale or change of the
model, told apart by `record`.

ISO dates whatever the language. The clinician's columns and the model's stand apart by their names, and every figure
of the model's has its release beside it. `movement` is the weak side's movement since rest as a share of the other's
(-1 to 1), `symmetry` a ratio of two distances in one photo (0 to 1). `visit_grade` is the visit's one House-Brackmann
grade, 1 to 6, and `visit_grade_source` whose it is: a clinician's, else the model's from all views together; photos
have none. `_mm` are millimetres, sides are the patient's own. A measure's row tells left, right, left less right (or
the one value of the whole face), its unit, its measurement error (smallest change that is more than noise), and whether
its scale is that of the photo's irises or of the photo at rest. `model_measures_corrected` says of a photo and its
measures whether a clinician put points of the face right that they follow from. A treatment's row tells the product and
the units of botulinum toxin, of which those of two products can't be added up, and in `treatment_details` whatever is
told, by the names and codes of the API. A row `not_taken` tells an exercise that was left out of a visit, with the
reason's code as its event: it has no figures. A row `along` tells what moved since rest in an exercise that isn't about
it, mm, with half of the 95 % interval of the difference as its error. A scale's row, of each finished assessment, tells
the scale and its version, who rates it (clinician or patient; `scale_way`: on paper, tablet or by link, in
`scale_language`), its total, its sub-scores as `code=figure`, and the codes of the items without an answer; its
`clinician` entered it. What nobody measured or said is an empty cell, never a zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from clinic.common.sheets import BOM, END, PROGRAMS, Dialect, Value, cell, line, number_as_text, quoted
from clinic.examination.along import Along

from .compared import Reading
from .figures import about_measure
from .history import EpisodeHistory, VisitPoint
from .kept_photos import FOUND_COLUMNS, Found, KeptPhoto, VisitPhotos, photos_of
from .noise import measurement_error
from .scores import ScaleScore

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
    *FOUND_COLUMNS,
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
    "treatment_product",
    "treatment_units",
    "treatment_details",
    "scale",
    "scale_version",
    "scale_rated_by",
    "scale_total",
    "scale_sub_scores",
    "scale_missing",
    "scale_way",
    "scale_language",
    "model_measures_corrected",
)
PLACES: Final = {name: place for place, name in enumerate(COLUMNS)}
PIECES_AT_ONCE: Final = 60
"""A visit's line, or a photo's with those of its measures."""
VISITS_AT_ONCE: Final = 100
BEGIN: Final = "\0"
"""Stands in none of a measure's cells."""

# What lies between the cells that differ from photo to photo, and between those of its measures.
RECORD, PHOTO_ID, CLINICIAN = (PLACES[name] for name in ("record", "photo_id", "clinician"))
WEAK_SIDE, PRELIMINARY = PLACES["clinician_weak_side"], PLACES["model_preliminary"]
MEASURE, UNIT = PLACES["model_measure"], PLACES["model_measure_unit"]


Photos = Callable[[Sequence[VisitPoint]], Sequence[VisitPhotos | None]]
"""What the photos of some visits of a course give, in their order; None of a visit that is gone."""


def at_hand(visits: Sequence[VisitPoint]) -> list[VisitPhotos | None]:
    """The same of visits that came with their photos."""
    return [photos_of(one.known.measured, one.known.finding) if one.known else None for one in visits]


def history_csv(
    *,
    history: EpisodeHistory | None,
    record_number: str,
    dialect: Dialect = PROGRAMS,
    photos: Photos = at_hand,
) -> str:
    """The whole file; of a patient without an episode, the columns alone."""
    return "".join(
        history_lines(history=history, record_number=record_number, dialect=dialect, photos=photos)
    )


def history_lines(
    *,
    history: EpisodeHistory | None,
    record_number: str,
    dialect: Dialect = PROGRAMS,
    photos: Photos = at_hand,
) -> Iterator[str]:
    """The file as it grows, some lines at a time: a long course has fifty thousand. photos: where `history` has none,
    reads those of some visits, so that they are never all in memory."""
    yield BOM + line(COLUMNS, dialect)
    if history is None:
        return
    written = _Writer(history, record_number, dialect).lines(photos)
    while some := "".join(islice(written, PIECES_AT_ONCE)):
        yield some


class _Texts(dict[Value, str]):
    """Values as cells. Few are new: most figures, words and names come many times in a file."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__({None: ""})
        self.dialect = dialect

    def __missing__(self, value: Value) -> str:
        text = self[value] = quoted(cell(value, self.dialect), self.dialect)
        return text


class _Writer:
    """Writes one history. Nearly all lines are of measures: what those of a photo share is written once."""

    def __init__(self, history: EpisodeHistory, record_number: str, dialect: Dialect) -> None:
        self.history, self.mark = history, dialect.separator
        self.known = history.onset.precision == "day"
        self.texts = _Texts(dialect)
        mine, theirs = PROGRAMS.separator + PROGRAMS.decimal, self.mark + dialect.decimal
        self.translation = None if mine == theirs else str.maketrans(mine, theirs)
        self.forms: dict[tuple[str, str, str | None, bool], str] = {}
        self.ends: dict[tuple[str | None, str, str, bool | None], str] = {}
        onset = history.onset
        each: dict[str, Value] = {
            "cause": history.cause,
            "weak_side": history.weak_side,
            "onset_date": onset.date.isoformat() if onset.is_known else None,
            "onset_precision": onset.precision,
        }
        self.same = self.cells([""] * len(COLUMNS), each)
        # A number that isn't one: Excel would take its noughts away, or make a date of it.
        self.same[PLACES["record_number"]] = quoted(number_as_text(record_number, dialect), dialect)
        self.unsaid = self.gap(PHOTO_ID + 3, PRELIMINARY)
        self.nothing = self.gap(PRELIMINARY + 1, MEASURE)

    def lines(self, photos: Photos) -> Iterator[str]:
        """In the order of their dates; within a day treatments first, then the visit, its photos and measures."""
        rows = _dated(self.history, self.known)
        found = _in_turn([one for one in rows if isinstance(one, VisitPoint)], photos)
        for one in rows:
            if isinstance(one, VisitPoint):
                yield from self.of_visit(one, next(found))
            else:
                yield self.line(self.cells(self.same, one))

    def of_visit(self, visit: VisitPoint, found: VisitPhotos | None) -> Iterator[str]:
        """The visit and its photos. found: None where they aren't told."""
        at = _at(visit.date.isoformat(), visit.day, visit.week, self.known)
        same = self.cells(self.same, at | {"visit_id": str(visit.visit_id)})
        yield self.line(self.cells(same, {"record": "visit"} | _visit(visit, found)))
        for one in visit.not_taken:
            left_out = {
                "record": "not_taken",
                "exercise": one.exercise,
                "event": one.reason,
                "note": one.note,
            }
            yield self.line(self.cells(same, left_out))
        for along in visit.along:
            yield self.line(self.cells(same, _along(along)))
        whose = self.mark.join(same[RECORD + 1 : PHOTO_ID])
        for photo in found.photos if found is not None else ():
            yield self.of_photo(whose, photo)

    def of_photo(self, whose: str, photo: KeptPhoto) -> str:
        """The photo's line and those of its measures. whose: the visit's cells."""
        mark, texts, found, word = self.mark, self.texts, photo.found, photo.word
        shown = mark.join((whose, photo.photo_id, texts[photo.exercise], texts[photo.side]))
        said = self.unsaid if word is None else self.said(photo.by, word.weak_side, word.palsy)
        if found is None:
            end = self.end(None, "", photo.error_code)
            return f"photo{mark}{shown}{mark}{said}{mark}{mark}{self.nothing}{mark}{end}"
        preliminary, cells = _yes(word is None), self.in_dialect(found.cells)
        end = self.end(found.scale_from, found.release, "", corrected=found.corrected)
        line = f"photo{mark}{shown}{mark}{said}{mark}{preliminary}{mark}{cells}{mark}{end}"
        if not found.names:
            return line
        begin = f"measure{mark}{shown}{mark}{self.unsaid}{mark}{preliminary}{mark}{self.nothing}{mark}"
        return line + self.measures(found).replace(BEGIN, begin)

    def said(self, by: str, weak_side: str, palsy: bool) -> str:
        """A clinician's word on a photo, from the name on."""
        between = self.gap(CLINICIAN + 1, WEAK_SIDE)
        return self.mark.join((self.texts[by], between, self.texts[weak_side], _yes(palsy)))

    def gap(self, begin: int, end: int) -> str:
        """The empty cells from one place up to another."""
        return self.mark * (end - begin - 1)

    def in_dialect(self, cells: str) -> str:
        """Cells of a file for programs as cells of this one."""
        return cells if self.translation is None else cells.translate(self.translation)

    def measures(self, found: Found) -> str:
        """The lines of a photo's measures, with `BEGIN` in place of the cells that they share."""
        key = found.names, found.release, found.scale_from, found.corrected
        form = self.forms.get(key)
        if form is None:
            lines = (
                f"{BEGIN}{name}{self.mark}%s{self.mark}{self.about(name, *key[1:]).replace('%', '%%')}"
                for name in found.names.split(" ")
            )
            form = self.forms[key] = "".join(lines)
        return form % tuple(self.in_dialect(found.figures).split(" "))

    def about(self, name: str, release: str, scale_from: str | None, corrected: bool) -> str:
        """The cells behind a measure's figures, and the line's end."""
        about = about_measure(name, release, scale_from)
        row: dict[str, Value] = {
            "model_measure_unit": about.unit,
            "model_measure_error": about.error,
            "model_scale_from": about.scale_from,
            "model_measures_corrected": corrected,
            "model_release": about.release,
        }
        return self.line(self.cells([""] * len(COLUMNS), row)[UNIT:])

    def end(self, scale_from: str | None, release: str, error: str, corrected: bool | None = None) -> str:
        """The cells behind a photo's own figures, and the line's end."""
        key = scale_from, release, error, corrected
        if key not in self.ends:
            row: dict[str, Value] = {"model_scale_from": scale_from, "model_measures_corrected": corrected}
            row |= {"model_release": release, "event": error}
            self.ends[key] = self.line(self.cells([""] * len(COLUMNS), row)[MEASURE:])
        return self.ends[key]

    def cells(self, same: list[str], row: Mapping[str, Value]) -> list[str]:
        """A row's cells. same: those that it has alike with others."""
        cells = same.copy()
        for name, value in row.items():
            if value is not None:
                # As a key of a dictionary yes is 1.
                cells[PLACES[name]] = _yes(value) if isinstance(value, bool) else self.texts[value]
        return cells

    def line(self, cells: Iterable[str]) -> str:
        """Cells, in quotes where they must be, as a line."""
        return self.mark.join(cells) + END


_YES: Final = {True: cell(True), False: cell(False)}


def _yes(value: bool) -> str:
    return _YES[value]


def _dated(history: EpisodeHistory, known: bool) -> list[dict[str, Value] | VisitPoint]:
    """Treatments, changes of the model, visits and scales in the order of their dates."""
    dated: list[tuple[tuple[int, int, int], dict[str, Value] | VisitPoint]] = []
    for place, treatment in enumerate(history.treatments):
        row = _at(treatment.date.isoformat(), treatment.day, treatment.week, known)
        event: dict[str, Value] = {"record": "treatment", "event": treatment.kind, "note": treatment.note}
        event |= {
            "treatment_product": treatment.product or None,
            "treatment_units": treatment.units,
            "treatment_details": treatment.coded or None,
        }
        dated.append(((treatment.day, 0, place), row | event))
    for place, change in enumerate(history.model_changes):
        row = _at(change.date.isoformat(), change.day, change.week, known)
        event = {
            "record": "model_change",
            "visit_id": str(change.visit_id),
            "model_release": " ".join(change.after),
            "event": f"{' '.join(change.before)} > {' '.join(change.after)}",
        }
        dated.append(((change.day, 1, place), row | event))
    dated += [((visit.day, 2, place), visit) for place, visit in enumerate(history.visits)]
    for place, score in enumerate(history.scores):
        row = _at(score.date.isoformat(), score.day, score.week, known)
        dated.append(((score.day, 3, place), row | _score(score)))
    dated.sort(key=lambda one: one[0])
    return [one for _, one in dated]


def _score(score: ScaleScore) -> dict[str, Value]:
    figures = [(code, value) for code, value in score.sub_scores.items() if value is not None]
    return {
        "record": "scale",
        "visit_id": str(score.visit_id) if score.visit_id else None,
        "clinician": score.by,
        "scale": score.scale,
        "scale_version": score.version,
        "scale_rated_by": score.rater or None,
        "scale_total": score.total,
        "scale_sub_scores": "; ".join(f"{code}={value:g}" for code, value in figures) or None,
        "scale_missing": " ".join(score.missing) or None,
        "scale_way": score.way or None,
        "scale_language": score.language or None,
    }


def _in_turn(visits: Sequence[VisitPoint], photos: Photos) -> Iterator[VisitPhotos | None]:
    """What the photos of the visits give, some visits at a time."""
    for begin in range(0, len(visits), VISITS_AT_ONCE):
        yield from photos(visits[begin : begin + VISITS_AT_ONCE])


def _at(date: str, day: int, week: int, known: bool) -> dict[str, Value]:
    counted: dict[str, Value] = {"day_since_onset": day, "week_since_onset": week} if known else {}
    return {"date": date} | counted


def _visit(visit: VisitPoint, found: VisitPhotos | None) -> dict[str, Value]:
    grade = visit.model_grade
    values: dict[str, Value] = {
        "clinician": visit.clinician,
        "visit_grade": visit.grade,
        "visit_grade_source": visit.grade_source,
        "clinician_grade": visit.clinician_grade,
        **_said(found),
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


def _along(one: Along) -> dict[str, Value]:
    """What moved along: sides, their difference and its error, as of a measure."""
    return {
        "record": "along",
        "photo_id": one.photo,
        "exercise": one.moved.exercise,
        "model_preliminary": not one.reviewed,
        "model_measure": f"along_{one.moved.part}",
        "model_measure_left": one.moved.left,
        "model_measure_right": one.moved.right,
        "model_measure_difference": one.moved.more_on("left"),
        "model_measure_unit": "mm",
        "model_measure_error": one.error,
        "model_release": one.release,
    }


def _said(found: VisitPhotos | None) -> dict[str, Value]:
    """The clinician's word and the model's on the whole visit."""
    if found is None:
        return {}
    clinician, model = found.clinician, found.model
    return {
        "clinician_weak_side": clinician[0] if clinician else None,
        "clinician_palsy": clinician[1] if clinician else None,
        "model_weak_side": model[0] if model else None,
        "model_palsy_verdict": model[1] if model else None,
    }


def _region(region: str, reading: Reading) -> dict[str, Value]:
    what = "movement" if reading.kind == "movement" else "symmetry"
    return {
        f"model_{region}_{what}": reading.value,
        f"model_{region}_error": measurement_error(reading, region),
        f"model_{region}_exercise": " ".join(reading.exercises),
        "model_rest_date": reading.rest_date.isoformat() if reading.rest_date else None,
    }
