"""Entity tags: which version of a record an answer shows, and which one a change was meant for (RFC 9110).

A tag is strong and names a record's own version: another save is another tag. What stands beside it in an answer (a
patient's figures, a photo's newest analysis) changes without it, so only records that hold nothing else are answered
with 304. Here nothing merges: a program that read another version reads again (412), and one that says nothing of the
version is asked to (428), because a change from an old copy would undo somebody's work without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinic.common.models import Versioned
from clinic.common.versions import Basis

from .catalogue import Problem

if TYPE_CHECKING:
    from rest_framework.request import Request

MATCHED_ACTIONS = ("archive", "restore", "revoke", "close", "finish", "reopen", "end")
"""The POSTs that change a record as a PATCH does."""
ADDED_TO = ("points",)
"""The POSTs that add to what is on file, and say on top of which."""


def of(record: Any) -> str | None:
    """The tag of the record as it is; None for one that never changes."""
    return f'"{record.pk}.{record.version}"' if isinstance(record, Versioned) else None


def headers(record: Any) -> dict[str, str]:
    """The header that tells the tag."""
    tag = of(record)
    return {"ETag": tag} if tag else {}


def basis(request: Request, record: Any) -> Basis | None:
    """The version that the request is meant for, None for any (`*`); the problem if it isn't said, or another one."""
    given = _listed(request.headers.get("If-Match", ""))
    if not given:
        raise Problem("precondition_required", headers=headers(record))
    if given == ["*"]:
        return None
    # Tags are compared strongly: a weak one (W/) is never the same.
    if of(record) not in given:
        raise changed(record)
    return Basis(record.version, exact=True)


def require_match(request: Request, tag: str) -> bool:
    """Whether the request is meant for exactly that tag, and not for any (`*`); the problem if it isn't said, or is
    another one."""
    given = _listed(request.headers.get("If-Match", ""))
    if not given:
        raise Problem("precondition_required", headers={"ETag": tag})
    if given == ["*"]:
        return False
    if tag not in given:
        raise gone_on(tag)
    return True


def gone_on(tag: str) -> Problem:
    """The problem that something newer is on file, with its tag."""
    return Problem("precondition_failed", headers={"ETag": tag}, etag=tag)


def changed(record: Any) -> Problem:
    """The problem that the record has another version by now, with the tag of that one."""
    now = record.__class__._base_manager.filter(pk=record.pk).first() or record
    return Problem("precondition_failed", headers=headers(now), etag=of(now))


def is_known(request: Request, record: Any) -> bool:
    """Whether the caller holds this version already."""
    given = _listed(request.headers.get("If-None-Match", ""))
    return "*" in given or of(record) in {tag.removeprefix("W/") for tag in given}


def _listed(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",") if tag.strip()]


def asks_for_match(method: str, path: str) -> bool:
    """Whether the operation changes a record on file, and so must say which version it is meant for."""
    return method == "PATCH" or (
        method == "POST"
        and "{" in path
        and path.rstrip("/").endswith(tuple(f"/{name}" for name in (*MATCHED_ACTIONS, *ADDED_TO)))
    )
