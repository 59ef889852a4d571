"""The photos themselves: never a public file, always through the policy and into the record of reads."""

from __future__ import annotations

import io
import logging
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.http import require, visible_or_404
from clinic.store import files

from .. import policies, selectors

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from clinic.accounts.requests import ClinicRequest

    from ..models import Photo

logger = logging.getLogger(__name__)
# Whatever a browser could be made to see in the bytes, it may do nothing with it.
OWN_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox"


@login_required
@require_safe
def image(request: ClinicRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The photo in full; each time it is sent the read is recorded, and the browser keeps no copy."""
    photo = _readable(request, pk)
    record_read(request=request, patient=photo.visit.patient, access=Access.PHOTO, photo=photo)
    return send(photo, cache="private, no-store")


@login_required
@require_safe
def thumbnail(request: ClinicRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The small picture of lists and strips.

    The browser may keep it, but asks each time whether it still may show it; the answer is 304 without the
    bytes, and nothing after a logout. A read is recorded for each photo, once in ten minutes for the same
    person: a page that polls or is scrolled is one look, not hundreds.
    """
    photo = _readable(request, pk)
    if not selectors.saw_lately(user=request.user, photo=photo):
        record_read(request=request, patient=photo.visit.patient, access=Access.PHOTO, photo=photo)
    etag = f'"{photo.sha256[:32]}"'
    if request.headers.get("if-none-match") == etag:
        return guarded(HttpResponseNotModified(), cache="private, no-cache", etag=etag)
    return send(photo, small=True, cache="private, no-cache", etag=etag)


def _readable(request: ClinicRequest, pk: uuid.UUID) -> Photo:
    photo: Photo = visible_or_404(selectors.visible_photos(user=request.user), request.user, pk)
    require(policies.can_read_file(request.user, photo))
    return photo


def send(photo: Photo, *, small: bool = False, cache: str, etag: str = "") -> HttpResponseBase:
    """A stored JPEG with the headers that every photo carries; 404 where the file is lost.

    The photo itself stands in for a small picture that an erasure destroyed.

    Where the clinic's key is missing, or the file is not the one that was stored, `clinic.visits.middleware` answers.
    """
    try:
        if name := files.left_to_the_proxy(photo, thumbnail=small):
            response: HttpResponseBase = HttpResponse(content_type="image/jpeg")
            response["Content-Disposition"] = 'inline; filename="photo.jpg"'
            response["X-Accel-Redirect"] = f"{settings.PHOTOS_BY_PROXY}{name}"
            return guarded(response, cache=cache, etag=etag)
        content = files.read(photo, thumbnail=small and bool(photo.thumbnail))
    except FileNotFoundError as error:
        logger.error("A photo's file is missing from the store: photo %s", photo.pk)
        raise Http404 from error
    response = FileResponse(io.BytesIO(content), content_type="image/jpeg", filename="photo.jpg")
    return guarded(response, cache=cache, etag=etag)


def guarded(response: Any, *, cache: str, etag: str = "") -> Any:
    """The response with nosniff, its own CSP, and the caching given."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = OWN_CSP
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = cache
    if etag:
        response["ETag"] = etag
    return response
