"""Uploads are let in by their headers: who sends them, whether they may, and whether there is room.

A body that comes in lies in this process's memory until it is answered, and its thread waits for a decoder. So few
come in at once, with so many bytes together, and threads are left for everybody else.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import render

from clinic.common.bodies import declared_length

from .refusals import RETRY_AFTER, refuse

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

View = TypeVar("View", bound=Callable[..., Any])


class Room:
    """How many bodies this process holds, and how many bytes they have. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock, self.bodies, self.bytes = threading.Lock(), 0, 0

    def take(self, size: int) -> bool:
        """Whether there was room for one more of that size; then it is taken."""
        with self._lock:
            if self.bodies >= settings.UPLOADS_AT_ONCE or self.bytes + size > settings.UPLOADS_MEMORY:
                return False
            self.bodies, self.bytes = self.bodies + 1, self.bytes + size
            return True

    def leave(self, size: int) -> None:
        """One of that size is gone."""
        with self._lock:
            self.bodies, self.bytes = self.bodies - 1, self.bytes - size


room = Room()
WORTH_TRIMMING: Final = 1024 * 1024
"""Bytes of a body after which freed memory is given back to the system."""
M_MMAP_THRESHOLD: Final = -3
"""Of the GNU C library's mallopt."""


def _let_large_blocks_go() -> None:
    """Blocks of a megabyte and more are the system's own: they grow without a copy, and end when they are freed."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, WORTH_TRIMMING)


def _trim() -> None:
    """What a photo took would stay with this process for the next one, and so would that of each of its threads."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)  # the GNU C library's; another one has no need of it


def take_room(request: HttpRequest) -> bool:
    """Whether the request's body may come in now. `UploadsMiddleware` gives its room back when it is answered."""
    if hasattr(request, "room_taken"):
        return True
    size = declared_length(request)
    if not room.take(size):
        return False
    cast(Any, request).room_taken = size
    return True


def receives(may: Callable[..., None]) -> Callable[[View], View]:
    """Of a view that takes photos by POST: `may(request, **kwargs)` raises Http404 or PermissionDenied by the headers
    alone, and is asked before anything reads the body."""

    def mark(view: View) -> View:
        cast(Any, view).may_receive = may
        return view

    return mark


class UploadsMiddleware:
    """Before the check against forged requests, which may read the body: may the caller, and is there room?

    Stands behind what answers those who are not logged in. The API's view asks by itself, once it knows the token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        _let_large_blocks_go()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            if hasattr(request, "room_taken"):
                room.leave(request.room_taken)
                if request.room_taken > WORTH_TRIMMING:
                    _trim()
                del request.room_taken

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        may = getattr(view, "may_receive", None)
        if may is None or request.method != "POST":
            return None
        try:
            may(request, **kwargs)
        except Exception:
            # Django's pages of errors would look into the body for their own forms' sake.
            cast(Any, request).csrf_processing_done = True
            raise
        return None if take_room(request) else busy(request)


def busy(request: HttpRequest) -> HttpResponse:
    """503 with the time after which it is worth another try."""
    refused = refuse("busy")
    response: HttpResponse
    if request.accepts("text/html"):
        response = render(request, "503.html", {"sentence": refused.sentence}, status=503)
    else:
        response = JsonResponse({"code": refused.code, "detail": refused.sentence}, status=503)
    response["Retry-After"] = str(RETRY_AFTER[refused.code])
    return response
