"""What middleware adds to a request, for type checkers and readers: no request is ever made as one of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from .models import Clinic, User


class PageRequest(HttpRequest):
    """Of any page. clinic: the one that the reader works in; page_clinics: those that they may choose."""

    htmx: HtmxDetails
    clinic: Clinic | None
    page_clinics: list[Clinic]


class UserRequest(PageRequest):
    """Of a page for which one has to be logged in."""

    user: User


class ClinicRequest(UserRequest):
    """Of a clinical page, which nobody reaches who is not logged in and at work in a clinic."""

    clinic: Clinic
