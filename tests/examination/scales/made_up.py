"""Answers of every scale, as hypothesis makes them up."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from clinic.examination.scales import SCALES, Item, Scale


def answer(item: Item) -> st.SearchStrategy[Any]:
    if item.line is not None:
        return st.integers(item.line.low, item.line.high)
    return st.sampled_from([one.value for one in item.choices])


def whole(scale: Scale) -> st.SearchStrategy[dict[str, Any]]:
    """Every item answered."""
    return st.fixed_dictionaries({item.code: answer(item) for item in scale.items})


def counted(scale: Scale) -> st.SearchStrategy[dict[str, Any]]:
    """Every item answered with something that counts."""
    return whole(scale).filter(lambda given: not scale.score(given).uncounted)


scales = st.sampled_from(SCALES)
