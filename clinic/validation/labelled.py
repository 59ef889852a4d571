"""A clinic's own labelled photos, read from a folder: nothing is copied, and nothing that lies elsewhere is opened.

    FOLDER/labels.csv    one line a photo, with a head line; UTF-8, comma or semicolon
    FOLDER/…             the photos, as `labels.csv` names them

`file`, `person` and `label` are needed; `view`, `side` and `grade` may be empty or left out; each column whose name
begins with `group_` says of each person to which subgroup they belong. docs/validation-kit.md has the whole format.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from clinic.common.sheets import rows_of
from inference.batch import SUFFIXES
from inference.pipeline.codes import VIEWS, Exercise

LABELS: Final = "labels.csv"
HEALTHY, PALSY = "healthy", "palsy"
NEEDED: Final = ("file", "person", "label")
KNOWN: Final = (*NEEDED, "view", "side", "grade")
GROUP: Final = "group_"
SIDES: Final = ("left", "right", "both")
ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}
LONGEST_TEXT: Final = 64
MOST_BYTES_OF_LABELS: Final = 8 * 1024**2
MOST_BYTES: Final = 40 * 1024**2
MOST_ROWS: Final = 50_000
MOST_ERRORS: Final = 60


class LabelsRefused(Exception):
    """The folder can't be used. lines: what is wrong, and what to do, row by row."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photo as the clinic labelled it. side is empty, and grade None, where nothing is said of it; path: of the
    file, in the folder; groups: subgroup by its column."""

    row: int
    path: Path = field(repr=False)
    person: str = field(repr=False)
    palsy: bool
    view: str
    side: str
    grade: int | None
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """The photos, and the hash of the labels as they were read."""

    photos: tuple[LabelledPhoto, ...]
    labels_sha256: str

    @property
    def people(self) -> dict[str, list[LabelledPhoto]]:
        """The photos by person."""
        found: dict[str, list[LabelledPhoto]] = defaultdict(list)
        for photo in self.photos:
            found[photo.person].append(photo)
        return found


def read(folder: Path) -> LabelledSet:
    """The labels of a folder. Raises LabelsRefused with all that is wrong, each with its row."""
    raw = bytes_of(folder, LABELS, MOST_BYTES_OF_LABELS)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LabelsRefused(f"{LABELS}: save it as UTF-8 (in Excel: “CSV UTF-8”).") from None
    rows = _rows(text)
    wrong: list[str] = []
    photos = []
    for number, row in rows:
        try:
            photos.append(_photo(folder, number, row))
        except LabelsRefused as error:
            wrong += [f"row {number}: {line}" for line in error.lines]
    wrong += _disagreeing(photos)
    if wrong:
        more = len(wrong) - MOST_ERRORS
        raise LabelsRefused(*wrong[:MOST_ERRORS], *([f"… and {more} more."] if more > 0 else []))
    return LabelledSet(tuple(photos), hashlib.sha256(raw).hexdigest())


def bytes_of(folder: Path, name: str, most: int) -> bytes:
    """What that file of the folder holds. Raises LabelsRefused where it leads out of the folder, is a link, no plain
    file, or larger than `most` bytes."""
    path = _inside(folder, name)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise LabelsRefused(
            f"{_told(name)} can't be opened: check that it is there and may be read."
        ) from None
    with open(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise LabelsRefused(f"{_told(name)} is no plain file.")
        if about.st_size > most:
            raise LabelsRefused(f"{_told(name)} is larger than {most // 1024**2} MB: export it smaller.")
        return file.read(most + 1)[:most]


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line with its number as a spreadsheet counts, keyed by the head line."""
    if "\0" in text:
        raise LabelsRefused(f"{LABELS}: this is no text file.")
    try:
        lines = rows_of(text)
    except ValueError:
        raise LabelsRefused(
            f"{LABELS}: this can't be read as CSV; look for a quote that is not closed."
        ) from None
    columns = [name.strip().lower() for name in lines[0]] if lines else []
    wrong = [f"column “{name}” is missing: add it." for name in NEEDED if name not in columns]
    wrong += [
        f"column {_told(name)} is not known: rename it to one of {', '.join(KNOWN)}, let its name begin with "
        f"{GROUP} if it is a subgroup, or take it out."
        for name in columns
        if name not in KNOWN and not (name.startswith(GROUP) and name[len(GROUP) :].isidentifier())
    ]
    wrong += [f"column {_told(name)} is there twice." for name in set(columns) if columns.count(name) > 1]
    if len(lines) > MOST_ROWS:
        wrong.append(f"more than {MOST_ROWS} rows: split the set.")
    if wrong:
        raise LabelsRefused(*(f"{LABELS}: {line}" for line in wrong))
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise LabelsRefused(f"row {number}: {len(cells)} cells where the head line has {len(columns)}.")
        yield number, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def _photo(folder: Path, number: int, row: Mapping[str, str]) -> LabelledPhoto:
    wrong: list[str] = []
    name, person, label = (row[column] for column in NEEDED)
    view, side = row.get("view", "").lower(), row.get("side", "").lower()
    grade = _grade(row.get("grade", ""))
    path = folder
    try:
        path = _photo_file(folder, name)
    except LabelsRefused as error:
        wrong += error.lines
    if not person or len(person) > LONGEST_TEXT:
        wrong.append(f"person: give each person a code of 1 to {LONGEST_TEXT} characters.")
    if label.lower() not in (HEALTHY, PALSY):
        wrong.append(f"label: write {HEALTHY} or {PALSY}.")
    if view and view not in {*VIEWS, Exercise.SMILE.value}:
        wrong.append(f"view: leave it empty, or write one of {', '.join(VIEWS)}.")
    if side and side not in SIDES:
        wrong.append("side: leave it empty, or write left, right or both, the patient's own.")
    if grade == 0:
        wrong.append("grade: leave it empty, or write 1 to 6 or I to VI.")
    palsy = label.lower() == PALSY
    if not palsy and (side or grade not in (None, 0, 1)):
        wrong.append(f"{HEALTHY}: without a palsy there is no weak side, and the grade is I.")
    if palsy and grade == 1:
        wrong.append(f"{PALSY}: with a palsy the grade is II or more.")
    groups = {column: value for column, value in row.items() if column.startswith(GROUP) and value}
    wrong += [
        f"{column}: at most {LONGEST_TEXT} characters."
        for column, value in groups.items()
        if len(value) > LONGEST_TEXT
    ]
    if wrong:
        raise LabelsRefused(*wrong)
    return LabelledPhoto(number, path, person, palsy, view, side, grade, groups)


def _grade(text: str) -> int | None:
    """None for none, 0 for what is no grade."""
    if not text:
        return None
    if text.lower() in ROMAN:
        return ROMAN[text.lower()]
    return int(text) if text in {str(grade) for grade in ROMAN.values()} else 0


def _photo_file(folder: Path, name: str) -> Path:
    path = _inside(folder, name)
    if path.suffix.lower() not in SUFFIXES:
        raise LabelsRefused(f"file: {_told(name)} is no photo; {', '.join(sorted(SUFFIXES))} are read.")
    try:
        about = path.lstat()
    except (OSError, ValueError):
        raise LabelsRefused(f"file: {_told(name)} is not there; write its place below the folder.") from None
    if not stat.S_ISREG(about.st_mode):
        raise LabelsRefused(f"file: {_told(name)} is a link or no plain file; put the photo itself there.")
    if about.st_size > MOST_BYTES:
        raise LabelsRefused(
            f"file: {_told(name)} is larger than {MOST_BYTES // 1024**2} MB; export it smaller."
        )
    return path


def _inside(folder: Path, name: str) -> Path:
    """The place in the folder. Raises LabelsRefused for one that leads out of it, by name or by a link on its way."""
    plain = PurePosixPath(name.replace("\\", "/"))
    out = f"file: {_told(name)} leads out of the folder; write a place below it."
    if not plain.parts or "\0" in name or plain.is_absolute() or ".." in plain.parts or ":" in plain.parts[0]:
        raise LabelsRefused(out)
    path = folder / plain
    try:
        if path.parent.resolve() != (folder.resolve() / plain).parent:
            raise LabelsRefused(out)
    except (OSError, ValueError, RuntimeError):
        raise LabelsRefused(out) from None
    return path


def _disagreeing(photos: list[LabelledPhoto]) -> list[str]:
    """What two rows say otherwise of one photo or one person."""
    wrong = []
    first: dict[Path, LabelledPhoto] = {}
    people: dict[str, LabelledPhoto] = {}
    for photo in photos:
        if photo.path in first:
            wrong.append(f"row {photo.row}: the same file as in row {first[photo.path].row}; name each once.")
        first.setdefault(photo.path, photo)
        known = people.setdefault(photo.person, photo)
        at = f"row {photo.row}: the same person as in row {known.row}"
        if known.palsy != photo.palsy:
            wrong.append(
                f"{at}, who is labelled {PALSY if known.palsy else HEALTHY} there; a person is one of both."
            )
        elif known.side and photo.side and known.side != photo.side:
            wrong.append(f"{at}, whose weak side is {known.side} there; leave out what is not sure.")
        elif known.groups != photo.groups:
            wrong.append(
                f"{at}, who is in other subgroups there; a person's subgroups are the same in all rows."
            )
    return wrong


def _told(name: str) -> str:
    """A name from the file, fit to be printed."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return f"“{shown[:LONGEST_TEXT]}”"
