"""Bodies of requests: judged by their headers before a byte is read, held in memory, and never in a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase


def declared_length(request: HttpRequest) -> int:
    """Bytes of the body as its header says; more than these are never read."""
    return int(request.META.get("CONTENT_LENGTH") or 0)


def takes_photos(request: HttpRequest) -> bool:
    """Whether photos come in at the request's address, and its body is a form that may hold some."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return False
    return match.view_name in settings.UPLOAD_PAGES and request.content_type == "multipart/form-data"


def largest_body(request: HttpRequest) -> int:
    """The most bytes of a body that the request's address takes."""
    return int(settings.LARGEST_UPLOAD if takes_photos(request) else settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


class BodiesMiddleware:
    """Answers 413 to a body that is larger than its address takes, unread; an address that is not there takes little.

    The API's own views say the same as a problem (`clinic.api.views.base.Strict`), and read no body before either.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = declared_length(request)
        small = length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or _is_the_apis(request)
        if small or length <= largest_body(request):
            return self.get_response(request)
        return too_large(request)


def _is_the_apis(request: HttpRequest) -> bool:
    try:
        return hasattr(resolve(request.path_info).func, "cls")
    except Resolver404:
        return False


def too_large(request: HttpRequest) -> HttpResponse:
    """413 in words, for people and for scripts."""
    sentence = _(
        "A photo may have %(photo)s MB, and all photos of one form %(form)s MB. Nothing of what you just sent was "
        "stored; what was stored before is safe. Choose fewer or smaller photos, and send them again."
    ) % {
        "photo": settings.PHOTO_MAX_BYTES // 1024**2,
        "form": settings.LARGEST_UPLOAD // 1024**2,
    }
    if request.accepts("text/html"):
        return render(request, "413.html", {"sentence": sentence}, status=413)
    return JsonResponse({"code": "too_large", "detail": sentence}, status=413)


def headers_of(request: HttpRequest) -> HttpRequest:
    """The request as far as its headers go: with a method whose body Django's CSRF check leaves alone."""
    headers = HttpRequest()
    headers.META, headers.COOKIES, headers.method = request.META, request.COOKIES, "PUT"
    return headers


class CsrfByHeaderMiddleware(CsrfViewMiddleware):
    """Stands before Django's own: where a script has put the CSRF token in its header, the body is not looked at."""

    def process_request(self, request: HttpRequest) -> None:
        """Django's own does it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Django's own sets the cookie."""
        return response

    def process_view(
        self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        if settings.CSRF_HEADER_NAME not in request.META:
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)

    def _check_token(self, request: HttpRequest) -> None:
        super()._check_token(headers_of(request))


class PhotosInMemory(FileUploadHandler):
    """Holds each file of a form in memory, up to the size of a photo; of a larger one nothing but its size is kept.

    An original has its EXIF, with place and time: it never lies in a temporary file. How much all of them may be
    together is decided by the headers (`BodiesMiddleware`, `clinic.visits.receiving`).
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Another file begins."""
        super().new_file(*args, **kwargs)
        self._content, self._size = io.BytesIO(), 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A piece of it."""
        self._size += len(raw_data)
        if self._size <= settings.PHOTO_MAX_BYTES:
            self._content.write(raw_data)
        elif self._content.tell():
            self._content = io.BytesIO()

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file with the size that was sent."""
        return InMemoryUploadedFile(
            # Made of the whole value, so that reading all of it makes no copy.
            file=io.BytesIO(self._content.getvalue()),
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=self._size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
