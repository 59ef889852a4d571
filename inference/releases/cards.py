"""The model card as the Models pages show it: data in, ready rows out; what a card lacks is left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.pipeline.release import sha256_of

from .card_sections import Section, as_dict, facts, sections, sentence, words
from .registry import ReleaseInfo

PNG = b"\x89PNG\r\n\x1a\n"
PER_CENT = "\N{NO-BREAK SPACE}%"

# The card's own names are English; these are what the pages say.
FIGURES: dict[str, str | Promise] = {
    "exercise_accuracy": _("Exercise recognised"),
    "palsy_auc": _("Palsy told from normal, grades II to VI (area under the curve)"),
    "palsy_auc_clear": _("Palsy told from normal, grades III to VI (area under the curve)"),
    "specificity": _("Healthy face called normal"),
    "specificity_real": _("Photograph of a healthy person called normal"),
    "sensitivity": _("Weak face called weak, grades II to VI"),
    "sensitivity_clear": _("Weak face called weak, grades III to VI"),
    "side_accuracy": _("Weak side right, grades II to VI"),
    "side_accuracy_clear": _("Weak side right, grades III to VI"),
    "side_accuracy_called": _("Weak side right, where the model named one"),
    "grade_exact": _("Grade met"),
    "grade_within_one": _("Grade met within one"),
    "grade_kappa": _("Grade, weighted agreement (quadratic kappa)"),
}
NO_SHARES = ("auc", "kappa", "f1", "error", "ece", "mm", "deg", "icc", "bias", "spread", "sdc")
"""Words in the keys of figures that are no shares, and so no per cent."""
HEADLINES = (
    "exercise_accuracy",
    "specificity",
    "sensitivity_clear",
    "side_accuracy_called",
    "grade_within_one",
)
MODELS: dict[str, str | Promise] = {
    "exercise": _("Exercise classifier"),
    "palsy": _("Palsy classifier"),
    "network": _("Network"),
    "judgement": _("Judgement of a photo"),
    "locator": _("Locator of landmarks"),
}
SPLITS: dict[str, str | Promise] = {
    "train": _("Training"),
    "val": _("Validation"),
    "test": _("Test"),
}
HEADS: dict[str, str | Promise] = {
    "exercise": _("exercise"),
    "palsy": _("palsy"),
    "grade": _("grade"),
    "side": _("weak side"),
}
RATES: dict[str, str | Promise] = {
    "called_weak": _("Called weak"),
    "weak_called_weak": _("Weak called weak"),
    "healthy_called_normal": _("Healthy called normal"),
    "recognised": _("Exercise recognised"),
    "within_one": _("Grade within one"),
    "side": _("Weak side right"),
}
RATES_BY_GRADE = ("called_weak", "side", "within_one")
RATES_BY_EXERCISE = ("recognised", "healthy_called_normal", "weak_called_weak", "side")


@dataclass(frozen=True, slots=True)
class CardFigure:
    """One measured value with its interval. `name` is empty where the card's own `label` is all there is."""

    key: str
    name: str | Promise
    label: str
    value: float
    low: float | None
    high: float | None
    pictures: int | None
    people: int | None
    interval: str
    group: str = ""

    @property
    def is_share(self) -> bool:
        return not set(self.key.split("_")) & set(NO_SHARES) and 0 <= self.value <= 1

    @property
    def shown(self) -> str:
        """The value with two significant digits, as a per cent where it is a share."""
        return _said(self.value, self.is_share)

    @property
    def range(self) -> str:
        """The interval's ends; nothing where none was measured."""
        if self.low is None or self.high is None:
            return ""
        low = _said(self.low, self.is_share).removesuffix(PER_CENT)
        return _("%(low)s to %(high)s") % {"low": low, "high": _said(self.high, self.is_share)}

    @property
    def bar(self) -> dict[str, str]:
        """Where value and interval lie on a line of 100."""
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        start, end, dot = (100 * min(1.0, max(0.0, x)) for x in (low, high, self.value))
        return {"x": f"{start:.1f}", "width": f"{max(end - start, 0.5):.1f}", "dot": f"{dot:.1f}"}


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of the release, and whether it is the released one: "same", "altered" or "missing"."""

    name: str
    sha256: str
    state: str
    size: int | None


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates by grade or by exercise; each row is its key and one figure or None a column."""

    columns: tuple[str | Promise, ...]
    rows: list[tuple[Any, list[tuple[str | Promise, CardFigure | None]]]]


@dataclass(frozen=True, slots=True)
class Subgroups:
    """One kind of groups: keys of figures, and for each group its name, people and figures by key."""

    title: str
    columns: list[str]
    rows: list[tuple[str, int | None, dict[str, CardFigure]]]

    @property
    def titles(self) -> list[str | Promise]:
        return [FIGURES.get(key, words(key)) for key in self.columns]

    @property
    def lines(self) -> list[tuple[str, int | None, list[tuple[str | Promise, CardFigure | None]]]]:
        """Each group with a figure or None a column."""
        return [
            (
                name,
                people,
                [(title, cells.get(key)) for title, key in zip(self.titles, self.columns, strict=True)],
            )
            for name, people, cells in self.rows
        ]


class Card:
    """One release for a page. `card` is the file as it is; what needs shaping has a property."""

    def __init__(self, release: ReleaseInfo) -> None:
        self.release = release
        self.name = release.name
        self.card = release.card

    @property
    def is_known(self) -> bool:
        """Whether the release's folder is here at all."""
        return self.release.folder is not None

    @property
    def has_card(self) -> bool:
        return bool(self.card.get("intended_use") or self.card.get("figures"))

    @property
    def not_evaluated(self) -> list[str]:
        """The people and conditions on whom nothing was measured."""
        given = self.card.get("subgroups_not_evaluated") or self.card.get("not_evaluated") or []
        return [sentence(part) for part in given] if isinstance(given, list) else [sentence(given)]

    @property
    def made_on(self) -> dt.date | None:
        try:
            return dt.date.fromisoformat(str(self.card.get("made_on", "")))
        except ValueError:
            return None

    @property
    def figures(self) -> list[CardFigure]:
        found = [_figure(row) for row in _rows(self.card.get("figures"))]
        return [figure for figure in found if figure]

    @property
    def groups(self) -> list[tuple[str, list[CardFigure]]]:
        """The figures by the group that the card puts them in; those of none come first."""
        found: dict[str, list[CardFigure]] = {"": []}
        for figure in self.figures:
            found.setdefault(figure.group, []).append(figure)
        return [(group, figures) for group, figures in found.items() if figures]

    @property
    def repeatability(self) -> list[tuple[str, str]]:
        """What changes between two photos of the same face by chance alone, by measure or score."""
        return facts(self.release.repeatability)

    @property
    def more(self) -> list[Section]:
        """What the card says beyond what the page has a place for, in its own words."""
        return sections(self.card)

    @property
    def subgroups(self) -> list[Subgroups]:
        """The figures of groups of people and conditions, a table for each kind."""
        found: dict[str, Subgroups] = {}
        for row in _rows(self.card.get("groups")):
            figures = row.get("figures")
            cells = {
                key: figure
                for key, value in (figures if isinstance(figures, dict) else {}).items()
                if (figure := _figure(value, key))
            }
            family = str(row.get("family") or "")
            table = found.setdefault(family, Subgroups(words(family), [], []))
            table.columns.extend(key for key in cells if key not in table.columns)
            people = row.get("people") if isinstance(row.get("people"), int) else None
            table.rows.append((words(str(row.get("group", ""))), people, cells))
        return list(found.values())

    @property
    def headlines(self) -> list[CardFigure]:
        by_key = {figure.key: figure for figure in self.figures if not figure.group}
        return [by_key[key] for key in HEADLINES if key in by_key]

    @property
    def by_grade(self) -> RateTable | None:
        return _rate_table(self.card, "by_grade", "grade", RATES_BY_GRADE)

    @property
    def by_exercise(self) -> RateTable | None:
        return _rate_table(self.card, "by_exercise", "exercise", RATES_BY_EXERCISE)

    @property
    def models(self) -> list[dict[str, Any]]:
        rows = _rows(self.card.get("models"))
        return [{**row, "title": MODELS.get(row.get("kind", ""), row.get("kind", ""))} for row in rows]

    @property
    def splits(self) -> list[tuple[str | Promise, dict[str, Any]]]:
        data = self.card.get("data")
        splits = data.get("splits") if isinstance(data, dict) else None
        if not isinstance(splits, dict):
            return []
        return [(SPLITS.get(key, key), row) for key, row in splits.items() if isinstance(row, dict)]

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Where the data came from; a link only where it is one."""
        rows = _rows(self.card.get("sources"))
        return [row if str(row.get("url")).startswith("https://") else row | {"url": ""} for row in rows]

    @property
    def temperatures(self) -> list[tuple[str | Promise, float]]:
        calibration = self.card.get("calibration")
        return _named_numbers(calibration.get("temperatures") if isinstance(calibration, dict) else None)

    @property
    def thresholds(self) -> list[tuple[str | Promise, float]]:
        return _named_numbers({**as_dict(self.card.get("thresholds")), **self.release.thresholds})

    @property
    def plots(self) -> list[dict[str, Any]]:
        rows = _rows(self.card.get("plots"))
        found = [(row, figure_path(self.release, str(row.get("file", "")))) for row in rows]
        return [row | _size(path) for row, path in found if path]

    @property
    def files(self) -> list[CheckedFile]:
        return [_checked(self.release, name, sha256) for name, sha256 in self.release.files.items()]


def describe(release: ReleaseInfo) -> Card:
    """A release with its card, for a page."""
    return Card(release)


def not_installed(name: str) -> Card:
    """A release that made results here once, and whose folder is gone."""
    return Card(ReleaseInfo(name))


def figure_path(release: ReleaseInfo, file: str) -> Path | None:
    """The picture of that name, if the release's card lists it and it is a PNG in the release's own folder."""
    listed = {row.get("file") for row in _rows(release.card.get("plots"))}
    if release.folder is None or file not in listed or Path(file).name != file or not file.endswith(".png"):
        return None
    path = release.folder / file
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as stream:
        return path if stream.read(len(PNG)) == PNG else None


def _size(path: Path) -> dict[str, int]:
    """A PNG's width and height, which its header says, so that the page does not jump when it comes."""
    with path.open("rb") as stream:
        header = stream.read(24)
    return {"width": int.from_bytes(header[16:20], "big"), "height": int.from_bytes(header[20:24], "big")}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _named_numbers(values: Any) -> list[tuple[str | Promise, float]]:
    if not isinstance(values, dict):
        return []
    found = [(HEADS.get(key, words(key).lower()), _number(value)) for key, value in values.items()]
    return [(name, number) for name, number in found if number is not None]


def _said(value: float, share: bool) -> str:
    return f"{100 * value:.0f}{PER_CENT}" if share else formats.number_format(round(value, 2), 2)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _figure(row: Any, key: str = "") -> CardFigure | None:
    if not isinstance(row, dict) or (value := _number(row.get("value"))) is None:
        return None
    key = str(row.get("key", key))
    return CardFigure(
        key=key,
        name=FIGURES.get(key, ""),
        label=str(row.get("name", key)),
        value=value,
        low=_number(row.get("low")),
        high=_number(row.get("high")),
        pictures=row.get("pictures"),
        people=row.get("people"),
        interval=str(row.get("interval", "")),
        group=str(row.get("group") or ""),
    )


def _rate_table(card: dict[str, Any], table: str, key: str, columns: tuple[str, ...]) -> RateTable | None:
    tables = card.get("tables")
    rows = _rows(tables.get(table)) if isinstance(tables, dict) else []
    if not rows:
        return None
    return RateTable(
        tuple(RATES[name] for name in columns),
        [(row.get(key), [(RATES[name], _figure(row.get(name), name)) for name in columns]) for row in rows],
    )


def _checked(release: ReleaseInfo, name: str, sha256: str) -> CheckedFile:
    path = release.folder / name if release.folder else None
    if path is None or not path.is_file():
        return CheckedFile(name, sha256, "missing", None)
    state = "same" if sha256_of(path) == sha256 else "altered"
    return CheckedFile(name, sha256, state, path.stat().st_size)
