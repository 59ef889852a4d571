"""How a link that a clinic sent is shown to it once, and how the patient opens it without an account.

The secret stands behind the # of the address, which no browser sends: not to us, not as a referrer, into no log. What a
stranger's session remembers is which link it opened, and whether the birth date was given.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import qrcode
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache

from .models import LinkPurpose, PatientLink
from .selectors_links import asks_for, open_link, working_link
from .services_links import forget_failures, note_failure

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from .models import Patient

LINK: Final = "patient_link"
SESSION_SECONDS: Final = {
    LinkPurpose.QUESTIONNAIRE: 2 * 60 * 60,
    LinkPurpose.HOME_PROGRAMME: 14 * 24 * 60 * 60,
}
"""A questionnaire is answered in one sitting; who practises every day gives the birth date once on their telephone."""
LONGEST_SECRET: Final = 64
PAGES: Final = {
    LinkPurpose.QUESTIONNAIRE: "answering:questions",
    LinkPurpose.HOME_PROGRAMME: "practising:today",
}
"""By the names of their addresses, for the rooms that serve them lie above."""


class OpenedLink(NamedTuple):
    """A link that this session opened. is_proven: whether the birth date was given, where one is known."""

    link: PatientLink
    is_proven: bool


def shown_once(request: HttpRequest, link: PatientLink, secret: str) -> dict[str, Any]:
    """What `patients/_link_made.html` shows of a link that was just made: never again."""
    address = address_of(request, secret)
    side, path = qr_path(address)
    return {
        "made": link,
        "address": address,
        "typed_code": "-".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "qr_side": side,
        "qr_path": path,
    }


def address_of(request: HttpRequest, secret: str) -> str:
    """What is sent to the patient."""
    return f"{request.build_absolute_uri(reverse('answering:open'))}#{secret}"


def qr_path(text: str) -> tuple[int, str]:
    """A QR code as an SVG path, and how many modules its side has with the quiet zone."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    rows = code.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module)
    return len(rows), "".join(dark)


@never_cache
def open_page(request: HttpRequest) -> HttpResponse:
    """Takes the secret of a link. Unknown, used, revoked and expired ones are answered alike."""
    if request.method != "POST":
        return render(request, "answering/open.html")
    link = open_link(secret=request.POST.get("secret", "")[:LONGEST_SECRET])
    if link is None:
        return refused(request)
    purpose = LinkPurpose(link.purpose)
    again = opened(request, purpose)
    proven = again is not None and again.link.pk == link.pk and again.is_proven
    request.session[LINK] = {
        "pk": str(link.pk),
        "proven": proven or asks_for(link.episode.patient) == "",
    }
    if not request.user.is_authenticated:
        request.session.set_expiry(SESSION_SECONDS[purpose])
    return redirect(PAGES[purpose])


def refused(request: HttpRequest) -> HttpResponse:
    """The answer to a link that doesn't work, or not any more; the session forgets it."""
    request.session.pop(LINK, None)
    return render(request, "answering/open.html", {"refused": True}, status=422)


def opened(request: HttpRequest, purpose: LinkPurpose) -> OpenedLink | None:
    """The link of that purpose that this session opened, as long as it works."""
    known = request.session.get(LINK)
    if not isinstance(known, dict):
        return None
    link = working_link(pk=uuid.UUID(known["pk"]), purpose=purpose)
    return None if link is None else OpenedLink(link, bool(known["proven"]))


def ask_birth_date(request: HttpRequest, link: PatientLink, *, language: str) -> HttpResponse:
    """Ask for what shows that the link reached the right person. After a few wrong answers it is closed."""
    patient = link.episode.patient
    with translation.override(language):
        context = {"asks_for": asks_for(patient), "clinic": patient.clinic, "language": language}
        if request.method != "POST":
            return render(request, "answering/birth_date.html", context)
        if _is_born(patient, request.POST):
            request.session[LINK] = {"pk": str(link.pk), "proven": True}
            forget_failures(link=link)
            return redirect(PAGES[LinkPurpose(link.purpose)])
        note_failure(link=link)
        return render(request, "answering/birth_date.html", {**context, "wrong": True}, status=422)


def _is_born(patient: Patient, posted: Any) -> bool:
    given = [str(posted.get(name, "")).strip() for name in ("day", "month", "year")]
    if asks_for(patient) == "year":
        given = ["1", "1", given[2]]
    if not all(one.isascii() and one.isdigit() and len(one) <= 4 for one in given):  # a year's digits
        return False
    try:
        born = dt.date(int(given[2]), int(given[1]), int(given[0]))
    except ValueError:
        return False
    known = patient.birth_date
    assert known is not None
    return born.year == known.year if asks_for(patient) == "year" else born == known
