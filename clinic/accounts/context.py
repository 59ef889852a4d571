"""What the script of every page needs to know of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse

from . import sessions

if TYPE_CHECKING:
    from django.http import HttpRequest


def session(request: HttpRequest) -> dict[str, Any]:
    """The time that is left and the key of drafts, for somebody who is logged in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not hasattr(request, "session"):
        return {}
    left = sessions.left(request)
    return {
        "session": {
            "idle": left.idle,
            "idle_minutes": sessions.idle_limit(request) // 60,
            "absolute": left.absolute,
            "draft_key": sessions.draft_key(user),
            "left_url": reverse("accounts:session"),
            "stay_url": reverse("accounts:session_stay"),
            "locked_url": reverse("accounts:locked"),
        }
    }
