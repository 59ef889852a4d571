"""What every view needs: a record or 404, a permission or 403, and a safe way back."""

from __future__ import annotations

import ipaddress
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


class RecordRestricted(PermissionDenied):
    """The record is of the user's own clinic, and closed. Told apart from "not found": it must not be made twice."""

    def __init__(self, patient_id: uuid.UUID) -> None:
        super().__init__("The record is restricted.")
        self.patient_id = patient_id


def visible_or_404(
    source: type[Model] | QuerySet[Any], user: User | AnonymousUser, pk: uuid.UUID | str
) -> Any:
    """The record if the user may see it; otherwise "not found", as for one that isn't there."""
    queryset: Any = source if isinstance(source, QuerySet) else source._default_manager.all()
    try:
        return get_object_or_404(queryset.visible_to(user), pk=pk)
    except (ValueError, TypeError, ValidationError) as error:
        # What was sent is no identifier at all.
        raise Http404 from error
    except Http404:
        _unless_restricted(queryset, user, pk)
        raise


def _unless_restricted(queryset: Any, user: User | AnonymousUser, pk: uuid.UUID | str) -> None:
    """A closed record of the user's own clinic is "forbidden", lest it be taken for missing and made anew."""
    everything = queryset.model._default_manager
    if hasattr(everything, "locked_for") and everything.locked_for(user).filter(pk=pk).exists():
        raise RecordRestricted(uuid.UUID(str(pk)))


def require(allowed: bool) -> None:
    """Answer 403 unless the policy allowed it. For records that the user may see, but not change."""
    if not allowed:
        raise PermissionDenied


def next_url(request: HttpRequest, fallback: str, *args: object, **kwargs: object) -> str:
    """Where the form asked to return to, if that is a page of ours, or else the fallback."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(fallback, *args, **kwargs)


def client_address(request: HttpRequest) -> str | None:
    """Whence the request came, as far as our own proxies vouch for it; None where there is no address.

    Each proxy appends to X-Forwarded-For whom it heard from, and nobody vouches for what stands further left.
    """
    proxies: int = settings.PROXIES
    heard = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if proxies and heard[0]:
        return ip_or_none(heard[-min(proxies, len(heard))])
    return ip_or_none(request.META.get("REMOTE_ADDR"))


def ip_or_none(address: str | None) -> str | None:
    """The address if it is one; a server behind a socket has none."""
    try:
        return str(ipaddress.ip_address(address or ""))
    except ValueError:
        return None
