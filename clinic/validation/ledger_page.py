"""The ledger and a shadow's agreement as rows for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inference.releases.cards import CardFigure

from .agreement import Agreement, Share
from .ledger import MIN_AGREEMENT, MIN_LABELS, MIN_PATIENTS, MIN_PATIENTS_PER_BAND, Ledger, Standing

TITLES: dict[str, str | Promise] = {
    "exercise": gettext_lazy("Exercise"),
    "palsy": gettext_lazy("Palsy or not"),
    "side": gettext_lazy("Weak side"),
    "grade_exact": gettext_lazy("Grade met"),
    "grade_within_one": gettext_lazy("Grade within one"),
    "grade_kappa": gettext_lazy("Grade, weighted agreement (quadratic kappa)"),
}
SHARES = ("exercise", "palsy", "side", "grade_exact", "grade_within_one")


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: its name, and a figure or None for each column."""

    key: str
    title: str | Promise
    cells: list[CardFigure | None]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One score beside the bar, with a sentence for each thing that it lacks."""

    title: str | Promise
    figure: CardFigure | None
    passes: bool
    lacks: list[str]


def rows(columns: Sequence[Agreement], *, banded: bool = False) -> list[Row]:
    """Every measure, one figure a column. banded: all columns but the first are bands of grades, in which kappa is
    small by the narrowness of the band alone, and so is left out."""
    found = [
        Row(key, TITLES[key], [_share(key, getattr(column, key), column) for column in columns])
        for key in SHARES
    ]
    kappas = [None if banded and place else _kappa(column) for place, column in enumerate(columns)]
    return [*found, Row("grade_kappa", TITLES["grade_kappa"], kappas)]


def column_titles() -> list[str]:
    """The titles of `columns_of`."""
    return [_("All photos"), _("Grades I, II"), _("Grades III, IV"), _("Grades V, VI")]


def shadow_titles() -> list[str]:
    """The columns of a shadow's agreement."""
    return [_("With the release in use"), _("With the clinicians")]


def bar() -> dict[str, int]:
    """The bar's numbers, for a sentence."""
    return {
        "least_labels": MIN_LABELS,
        "least_patients": MIN_PATIENTS,
        "least_per_band": MIN_PATIENTS_PER_BAND,
        "least_percent": round(100 * MIN_AGREEMENT),
    }


def columns_of(ledger: Ledger) -> list[Agreement]:
    """All photos, then each band of grades."""
    return [ledger.overall, *(part for _, part in ledger.bands)]


def verdicts(ledger: Ledger) -> list[LedgerRow]:
    """Each score beside the bar."""
    return [
        LedgerRow(
            TITLES[standing.score],
            _share(standing.score, standing.share, ledger.overall),
            standing.passes,
            [_lack(code, standing, ledger) for code in standing.lacks],
        )
        for standing in ledger.standings
    ]


def _lack(code: str, standing: Standing, ledger: Ledger) -> str:
    if code == "labels":
        return ngettext(
            "%(count)s confirmed photo of the %(least)s that it takes",
            "%(count)s confirmed photos of the %(least)s that it takes",
            standing.share.count,
        ) % {"count": standing.share.count, "least": MIN_LABELS}
    if code == "patients":
        return ngettext(
            "%(count)s patient of the %(least)s that it takes",
            "%(count)s patients of the %(least)s that it takes",
            ledger.overall.patients,
        ) % {"count": ledger.overall.patients, "least": MIN_PATIENTS}
    if code == "bands":
        return _("fewer than %(least)s patients in one of the bands I-II, III-IV, V-VI") % {
            "least": MIN_PATIENTS_PER_BAND
        }
    percent = round(100 * MIN_AGREEMENT)
    if code == "agreement":
        return _("agrees on fewer than %(percent)s %% of the photos") % {"percent": percent}
    return _("so few photos that the true agreement may lie under %(percent)s %%") % {"percent": percent}


def _share(key: str, share: Share, column: Agreement) -> CardFigure | None:
    if share.value is None:
        return None
    return CardFigure(
        key=key,
        name=TITLES[key],
        label=key,
        value=share.value,
        low=share.low,
        high=share.high,
        pictures=share.count,
        people=column.patients,
        interval="Wilson",
    )


def _kappa(column: Agreement) -> CardFigure | None:
    kappa = column.kappa
    if kappa.value is None:
        return None
    return CardFigure(
        key="grade_kappa",
        name=TITLES["grade_kappa"],
        label="grade_kappa",
        value=kappa.value,
        low=kappa.low,
        high=kappa.high,
        pictures=kappa.count,
        people=column.patients,
        interval="bootstrap",
    )
