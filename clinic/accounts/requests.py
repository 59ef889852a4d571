"""What middleware adds to a request, for type checkers and readers: no request is ever made as one of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from .models import Clinic, User


class PageRequest(HttpRequest):
    """Of any page. clinic: the one that the reader works in; page_clinics: those that they may choose.

    opened_records: the restricted ones that were opened in this session, by their identifier, with since and reason.
    """

    htmx: HtmxDetails
    clinic: Clinic | None
    page_clinics: list[Clinic]
    opened_records: dict[str, dict[str, Any]]


class UserRequest(PageRequest):
    """Of a page for which one has to be logged in."""

    user: User


class ClinicRequest(UserRequest):
    """Of a clinical page, which nobody reaches who is not logged in and at work in a clinic."""

    clinic: Clinic
