"""What is read about all patients of a clinic: the list with its filters, and Today."""

from __future__ import annotations

from .attention import AttentionItem, attention
from .board import Board, Work, today_board, work
from .facets import SIDES, Facets, facets
from .listed import (
    SORTS,
    Ends,
    LastVisit,
    lapsed,
    needs_attention,
    needs_somebody,
    page_of,
    search,
)

__all__ = [
    "SIDES",
    "SORTS",
    "AttentionItem",
    "Board",
    "Ends",
    "Facets",
    "LastVisit",
    "Work",
    "attention",
    "facets",
    "lapsed",
    "needs_attention",
    "needs_somebody",
    "page_of",
    "search",
    "today_board",
    "work",
]
