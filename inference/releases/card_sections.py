"""What a model card says beyond what its page has words for: rendered as it stands, so that a card may grow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PLACED = frozenset(
    {
        "name", "made_on", "note", "licence", "intended_use", "not_for", "sources", "known_failures", "models", "data",
        "calibration", "thresholds", "equality_with_keras", "figures", "tables", "plots", "not_evaluated",
        "subgroups_not_evaluated", "repeatability", "groups", "release", "seconds", "details",
    }
)  # fmt: skip
"""Keys of a card for which the page has a place, or that say nothing to its reader."""
MOST_CELLS = 6
"""Columns of a table that a page can hold."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the card that this version has no words for: sentences, facts or a table."""

    title: str
    lines: list[str]
    facts: list[tuple[str, str]]
    columns: list[str]
    rows: list[list[tuple[str, str]]]


def sections(card: dict[str, Any]) -> list[Section]:
    """Everything of the card that has no place of its own."""
    empty: tuple[Any, ...] = (None, "", [], {})
    return [_section(key, value) for key, value in card.items() if key not in PLACED and value not in empty]


def facts(values: Any) -> list[tuple[str, str]]:
    """A flat mapping as names and values in words."""
    return [(words(key), plain(value)) for key, value in as_dict(values).items()]


def sentence(value: Any) -> str:
    """A line of the card; of a group and the reason why nothing was measured on it, both."""
    if isinstance(value, dict) and {"group", "why"} <= set(value):
        return f"{words(value['group'])}: {value['why']}"
    return plain(value)


def words(key: Any) -> str:
    """A key as words; what follows a dot between two of them qualifies what stands before it."""
    text = re.sub(r"(?<=[a-z0-9])\.(?=[a-z])", ", ", str(key)).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def plain(value: Any) -> str:
    """A value in one line; a nested one by its parts, a figure with its interval."""
    if isinstance(value, dict) and "value" in value:
        low, high = value.get("low"), value.get("high")
        interval = "" if low is None or high is None else f" ({plain(low)} to {plain(high)})"
        return f"{plain(value['value'])}{interval}"
    if isinstance(value, dict):
        return ", ".join(f"{words(key).lower()} {plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(plain(part) for part in value)
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _section(key: str, value: Any) -> Section:
    if isinstance(value, dict):
        return Section(words(key), [], facts(value), [], [])
    if not isinstance(value, list):
        return Section(words(key), [plain(value)], [], [], [])
    columns = _columns(value)
    if not columns:
        return Section(words(key), [sentence(part) for part in value], [], [], [])
    rows = [[(words(name), plain(row.get(name))) for name in columns] for row in value]
    return Section(words(key), [], [], [words(name) for name in columns], rows)


def _columns(rows: list[Any]) -> list[str]:
    """The keys that all rows share, where a table can hold them."""
    if len(rows) < 2 or not all(isinstance(row, dict) for row in rows):
        return []
    shared = [key for key in rows[0] if all(key in row for row in rows)]
    return shared if 1 < len(shared) <= MOST_CELLS else []
