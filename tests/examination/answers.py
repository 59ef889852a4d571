"""Whole sets of answers of clinical scales."""

from __future__ import annotations

from typing import Any

from clinic.examination.scales import Scale


def answers_for(scale: Scale, place: int = 0) -> dict[str, Any]:
    """Every item answered: with the answer at that place among its choices, on a line with its best."""
    return {
        item.code: item.line.best if item.line else item.choices[min(place, len(item.choices) - 1)].value
        for item in scale.items
    }
