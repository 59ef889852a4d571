"""A release and a broker of the tests, as the analyses have them."""

from __future__ import annotations

from ..inference.conftest import photo, queued, release, sent, willing_broker

__all__ = ["photo", "queued", "release", "sent", "willing_broker"]
