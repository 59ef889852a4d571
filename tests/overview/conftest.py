"""Whole visits, as their own room's tests make them."""

from __future__ import annotations

from ..visits.conftest import whole_visits

__all__ = ["whole_visits"]
