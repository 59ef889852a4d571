"""What was searched for, kept in the reader's session: a patient's name belongs in no address, which browsers
and proxies remember. The address holds a key that means nothing outside the session."""

from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import get_random_string

SESSION_KEY = "patients.searches"
KEPT = 30
"""Enough to go back over; one typed letter by letter takes a few."""
LONGEST = 120


def clean(text: str) -> str:
    """The words searched for, without what no name has."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def keep(session: SessionBase, text: str) -> str:
    """Keep a search; the key that the address may hold, empty for an empty search."""
    if not text:
        return ""
    kept: list[list[str]] = session.get(SESSION_KEY, [])
    for key, known in kept:
        if known == text:
            return key
    key = get_random_string(8)
    session[SESSION_KEY] = [*kept, [key, text]][-KEPT:]
    return key


def recall(session: SessionBase, key: str) -> str:
    """The words kept under a key, or none."""
    return dict(session.get(SESSION_KEY, [])).get(key, "")
