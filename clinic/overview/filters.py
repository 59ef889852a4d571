"""The filters of the list of patients: read from the address, drawn as chips that are links."""

from __future__ import annotations

import uuid
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.contrib.sessions.backends.base import SessionBase
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Cause, WeakSide

from . import searches
from .selectors import SIDES, SORTS, Ends, Facets, LastVisit

NO_SIDE = "none"
ON = frozenset({"1", "on", "true"})
# Of the page and of the form that searches.
NOT_FILTERS = ("page", "after", "before", "q", "csrfmiddlewaretoken")


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its words, how many patients it would leave, and the address that turns it on or off."""

    label: str | Promise
    count: int
    url: str
    on: bool
    side: str = ""


@dataclass(frozen=True, slots=True)
class ChipGroup:
    """Filters of one kind, opened by a button; without a label, one filter that is the button itself."""

    label: str | Promise
    chips: list[Chip]

    @property
    def on(self) -> str:
        """The words of those that are on."""
        return ", ".join(str(chip.label) for chip in self.chips if chip.on)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader asked for.

    search: the key under which the session keeps the text.
    unread: the address's words that no filter knows; such an address finds nobody, lest it find everybody.
    """

    text: str = ""
    search: str = ""
    causes: tuple[str, ...] = ()
    weak_sides: tuple[str, ...] = ()
    last_visit: str = ""
    attention: bool = False
    archived: bool = False
    sort: str = "name"
    unread: tuple[str, ...] = ()

    @classmethod
    def read(cls, query: QueryDict, session: SessionBase) -> Self:
        """The filters in an address, whose search is a key to what the session keeps."""
        seen, sort = query.get("seen", ""), query.get("sort", "name")
        text = searches.recall(session, query.get("search", ""))
        return cls(
            text=text,
            search=query.get("search", "") if text else "",
            causes=tuple(code for code in Cause.values if code in query.getlist("cause")),
            weak_sides=tuple(side for side in SIDES if (side or NO_SIDE) in query.getlist("side")),
            last_visit=seen if seen in LastVisit.values else "",
            attention=query.get("attention", "") in ON,
            archived=query.get("archived", "") in ON,
            sort=sort if sort in SORTS else "name",
            unread=_unread(query, text),
        )

    @property
    def wanted(self) -> dict[str, Any]:
        """The arguments of the selectors."""
        return {
            "text": self.text,
            "causes": self.causes,
            "weak_sides": self.weak_sides,
            "last_visit": self.last_visit,
            "attention": self.attention,
            "archived": self.archived,
        }

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The address's words, without the page."""
        pairs = [("search", self.search)] if self.search else []
        pairs += [("cause", code) for code in self.causes] + [("side", s or NO_SIDE) for s in self.weak_sides]
        pairs += [("seen", self.last_visit)] if self.last_visit else []
        pairs += [("attention", "1")] if self.attention else []
        pairs += [("archived", "1")] if self.archived else []
        return pairs + ([("sort", self.sort)] if self.sort != "name" else [])

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search field's form carries along."""
        return [pair for pair in self.pairs if pair[0] != "search"]

    @property
    def url(self) -> str:
        """The address of the first page under these filters."""
        query = urlencode(self.pairs)
        return reverse("patients:list") + (f"?{query}" if query else "")

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out, the archive apart."""
        return bool(self.text or self.causes or self.weak_sides or self.last_visit or self.attention)

    @property
    def other_shelf(self) -> str:
        """The address of the archive, or the way back from it."""
        return type(self)(archived=not self.archived).url

    @property
    def cleared(self) -> str:
        """The address without filters."""
        return replace(self, text="", search="", causes=(), weak_sides=(), last_visit="", attention=False).url

    def sorted_by(self, key: str) -> str:
        """The address of the list sorted by that key, or the other way round if it is already."""
        # Names are looked up from A on, dates from the newest back.
        first, second = (key, f"-{key}") if key == "name" else (f"-{key}", key)
        return replace(self, sort=second if self.sort == first else first).url


def _unread(query: QueryDict, text: str) -> tuple[str, ...]:
    """The names of filters whose value means nothing here; of a search, one that the session no longer keeps."""
    known: dict[str, Container[str]] = {
        "cause": Cause.values,
        "side": [side or NO_SIDE for side in SIDES],
        "seen": LastVisit.values,
        "attention": ON,
        "archived": ON,
        "sort": SORTS,
        "search": [query.get("search", "")] if text else [],
    }
    several = ("cause", "side")
    wrong = [
        name
        for name, words in known.items()
        if any(value not in words for value in query.getlist(name))
        or (name not in several and len(query.getlist(name)) > 1)
    ]
    return (*wrong, *(name for name in query if name not in (*known, *NOT_FILTERS)))


def _toggled(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(v for v in values if v != value) if value in values else (*values, value)


def chip_groups(filters: Filters, facets: Facets) -> list[ChipGroup]:
    """The filters that would leave someone, and those that are on."""
    asks = Chip(
        _("To follow up"),
        facets.attention,
        replace(filters, attention=not filters.attention).url,
        filters.attention,
    )
    sides = [
        Chip(
            WeakSide(side).label if side else _("None found"),
            facets.weak_sides[side],
            replace(filters, weak_sides=_toggled(filters.weak_sides, side)).url,
            side in filters.weak_sides,
            side,
        )
        for side in SIDES
    ]
    causes = [
        Chip(
            label,
            facets.causes[code],
            replace(filters, causes=_toggled(filters.causes, code)).url,
            code in filters.causes,
        )
        for code, label in Cause.choices
    ]
    visits = [
        Chip(
            label,
            facets.last_visits[kind],
            replace(filters, last_visit="" if filters.last_visit == kind else kind).url,
            filters.last_visit == kind,
        )
        for kind, label in LastVisit.choices
    ]
    groups = [
        ChipGroup("", [asks]),
        ChipGroup(_("Weak side"), sides),
        ChipGroup(_("Cause"), causes),
        ChipGroup(_("Last visit"), visits),
    ]
    shown = [ChipGroup(g.label, [chip for chip in g.chips if chip.count or chip.on]) for g in groups]
    return [group for group in shown if group.chips]


@dataclass(frozen=True, slots=True)
class Sort:
    """A way to sort the list: its words, its address, and whether it is the present one."""

    label: str | Promise
    url: str
    direction: str

    @property
    def icon(self) -> str:
        """Which way it sorts; empty where the list is sorted by something else."""
        return {"ascending": "arrow-up", "descending": "arrow-down"}.get(self.direction, "")


def sort_links(filters: Filters) -> dict[str, Sort]:
    """The columns that the list sorts by; the present one's address turns it round."""
    labels = {"name": _("Name"), "onset": _("Onset"), "visit": _("Last visit")}
    directions = {key: {key: "ascending", f"-{key}": "descending"}.get(filters.sort, "") for key in labels}
    return {key: Sort(label, filters.sorted_by(key), directions[key]) for key, label in labels.items()}


def ends_in(query: QueryDict) -> Ends | None:
    """Beside whom the page lies, where the address says so."""
    for name in ("after", "before"):
        try:
            return Ends(**{name: uuid.UUID(query.get(name))})
        except (TypeError, ValueError):
            continue
    return None
