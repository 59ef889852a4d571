"""Visits that a release of the tests judges as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .scenes import analysed, releases_in

ENOUGH = ("rest", "brow_raise", "tight_eye_closure", "smile_with_teeth")
"""The views that a grade needs."""


@pytest.fixture
def whole_visits(tmp_path, settings) -> Callable[..., Any]:
    """Fills a visit with the views that a grade needs, all found as told."""
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)

    def fill(visit: Any, *, views: tuple[str, ...] = ENOUGH, **found: Any) -> Any:
        for view in views:
            analysed(visit, view, **found)
        return visit

    return fill
