"""What is asked: every address of the permission matrix that answers a GET, and the lists deep and narrow.

A new address stands in the matrix, and so is measured; one that isn't is named in LEFT_OUT with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from clinic.accounts.services import create_token
from clinic.examination.models import Assessment, Task
from clinic.patients.models import Consent, Episode, Patient, Treatment
from clinic.visits.models import Confirmation, Photo, Visit
from inference.models import Analysis
from tests.matrix.asking import release
from tests.matrix.rows import Row
from tests.matrix.table import ROWS
from tests.matrix.world import WHO

from .seed import House

LIST_MS: Final = 100
PAGE_MS: Final = 150
LONG_MS: Final = 200
POLL_MS: Final = 10
REPORT_MS: Final = 3000.0
WANTED: Final = {
    "patients:list": LIST_MS,
    "operations:metrics": LIST_MS,
    "operations:overview": LIST_MS,
    "inference:status": POLL_MS,
    "report:pdf": REPORT_MS,
    "api:episode-report": REPORT_MS,
}
LEFT_OUT: Final = {
    "api:photo-image": "a file",
    "api:photo-thumbnail": "a file",
    "visits:file": "a file",
    "visits:thumbnail": "a file",
    "recovery:aligned": "a file, made by a worker",
    "inference:figure": "a file",
    "favicon": "a file",
    "robots": "a file",
    "operations:readyz": "asks broker, cache and worker as well",
    "operations:metrics": "for the network of the machine alone, asked of by its own row below",
    "accounts:locked": "a page of the log-in",
    "accounts:login": "a page of the log-in",
    "accounts:set_password": "a page of the log-in",
    "accounts:invitation": "a page of the log-in",
    "accounts:invitation_link": "a page of the log-in",
    "accounts:member": "needs a member who is invited",
    "patients:correction": "needs a correction",
    "patients:lift": "needs a restricted record",
    "patients:hold_lift": "needs a record on hold",
    "patients:open": "needs a restricted record",
    "api:nothing": "is not there",
    "patients:search": "asked with each search of the list",
    "examination:milestone": "open of hardly anybody; it reads four tables of one patient",
    "examination:paper": "a text of the clinic's own; it reads two rows",
    "api:patient-link-detail": "one row of a handful",
    "answering:questions": "a stranger's, whose link was opened before",
    "answering:handed_over": "of a session that was handed over",
    "answering:unlock": "of a session that was handed over",
    "home:edit": "a form of one row",
    "api:home-programme-detail": "one row of a handful, and its weeks",
    "practising:today": "a stranger's, whose link was opened before",
    "practising:camera": "a stranger's, whose link was opened before",
    "examination:second_read": "open to one person, of one visit; it reads its photos' rows",
    "examination:second_photo": "a file, for the same person",
}
OF_LOGGING_IN: Final = ("mfa_", "account_")
"""How the addresses begin of pages on which one person proves who they are."""


@dataclass(frozen=True)
class Page:
    """One thing to ask. path: of a client that is logged in, in a house. wanted: milliseconds, 95 in 100 below it."""

    label: str
    path: Callable[[Client, House], str]
    wanted: float = PAGE_MS
    who: str = "clinician"
    api: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def pages() -> list[Page]:
    """All of them, the matrix's first."""
    found: dict[str, Page] = {}
    for row in ROWS:
        if is_asked(row):
            found.setdefault(str(row), _of(row))
    return [*found.values(), *LISTS, *LONG]


def is_asked(row: Row) -> bool:
    """Whether a row of the matrix is measured."""
    if row.method != "GET" or row.name in LEFT_OUT or row.name.startswith((*OF_LOGGING_IN, "/")):
        return False
    return _who(row) is not None and not row.on.startswith("restricted")


def _who(row: Row) -> str | None:
    """Who of the clinic may ask it."""
    answers = dict(zip(WHO, row.expected, strict=True))
    return next((who for who in ("clinician", "administrator") if answers[who] == "ok"), None)


def _of(row: Row) -> Page:
    return Page(
        label=str(row).removeprefix("GET "),
        path=lambda client, house: address(row, house, house.ordinary),
        wanted=WANTED.get(row.name, PAGE_MS),
        who=_who(row) or "",
        api=row.is_api,
    )


def address(row: Row, house: House, patient: Patient) -> str:
    """The row's address for that patient of the house, or for their newest visit, its photo and so on."""
    named = {"release": release()[0]}
    kwargs: dict[str, Any] = {name: named.get(value, value) for name, value in row.args.items()}
    if row.on:
        kwargs["pk"] = house.clinic.pk if row.on == "clinic" else _record(row.on, patient).pk
    return reverse(row.name, kwargs=kwargs) + row.query


def _record(kind: str, patient: Patient) -> Model:
    """The newest of that kind of the patient, or of anybody in the clinic where they have none."""
    if kind in ("patient", "held_patient"):
        return patient
    model, way, order = _KINDS[kind]
    of_clinic = model.objects.filter(**{f"{way}__clinic": patient.clinic_id, f"{way}__archived_at": None})
    own = of_clinic.filter(**{way: patient}).order_by(order).first()
    return own or of_clinic[:1].get()


_KINDS: Final[dict[str, tuple[Any, str, str]]] = {
    "episode": (Episode, "patient", "-onset_date"),
    "treatment": (Treatment, "episode__patient", "-date"),
    "consent": (Consent, "patient", "-given_on"),
    "task": (Task, "patient", "-opened_at"),
    "assessment": (Assessment, "visit__patient", "-created_at"),
    "visit": (Visit, "patient", "-at"),
    "photo": (Photo, "visit__patient", "-visit__at"),
    "analysis": (Analysis, "photo__visit__patient", "-photo__visit__at"),
    "confirmation": (Confirmation, "photo__visit__patient", "-created_at"),
}


def _list(query: str) -> Callable[[Client, House], str]:
    return lambda client, house: reverse("patients:list") + query


def _search(text: Callable[[House], str]) -> Callable[[Client, House], str]:
    """The list for words that were typed: the form keeps them and leads to an address without them."""
    return lambda client, house: client.post(reverse("patients:search"), {"q": text(house)})["Location"]


def _last_page_but_one(client: Client, house: House) -> str:
    count = Patient.objects.filter(clinic=house.clinic, archived_at=None).count()
    return f"{reverse('patients:list')}?page={max(1, count // 25)}"


def _api_list(name: str, query: str) -> Callable[[Client, House], str]:
    return lambda client, house: reverse(f"api:{name}-list") + query.format(patient=house.ordinary.pk)


def _of_longest(name: str) -> Callable[[Client, House], str]:
    return lambda client, house: reverse(name, args=[house.longest.pk])


def _compare(client: Client, house: House) -> str:
    ends = house.longest.visits.order_by("at")
    first, last = ends.first(), ends.last()
    assert first is not None and last is not None
    return f"{reverse('recovery:compare', args=[house.longest.pk])}?a={first.pk}&b={last.pk}"


def _newest_visit(client: Client, house: House) -> str:
    return reverse("visits:detail", args=[house.longest.visits.latest("at").pk])


def _episode(client: Client, house: House) -> str:
    return reverse("api:episode-history", args=[house.longest.episodes.get().pk])


LISTS: Final = [
    Page("list: last page but one", _last_page_but_one, LIST_MS),
    Page("list: by last visit", _list("?sort=visit"), LIST_MS),
    Page("list: needs attention", _list("?attention=1"), LIST_MS),
    Page("list: a cause and a side", _list("?cause=stroke&side=left"), LIST_MS),
    Page("list: seen long ago", _list("?seen=lapsed"), LIST_MS),
    Page("list: archived", _list("?archived=1"), LIST_MS),
    Page("search: part of a name", _search(lambda house: house.ordinary.name.split()[-1][:5]), LIST_MS),
    Page("search: record number", _search(lambda house: house.ordinary.record_number), LIST_MS),
    Page("search: telephone", _search(lambda house: house.ordinary.phone[-8:]), LIST_MS),
    Page("search: nobody", _search(lambda house: "qqqq"), LIST_MS),
    *(
        Page(f"api:{name} by patient", _api_list(name, "?patient={patient}"), LIST_MS, api=True)
        for name in ("visit", "photo", "analysis", "episode", "confirmation", "task", "assessment")
    ),
    Page("api:patient attention", _api_list("patient", "?attention=true"), LIST_MS, api=True),
    Page("api:photo 200 a page", _api_list("photo", "?page_size=200"), LONG_MS, api=True),
    Page("api:analysis 200 a page", _api_list("analysis", "?page_size=200"), LONG_MS, api=True),
    Page("log of the clinic: logins", lambda c, h: reverse("audit:clinic") + "?kind=login", LIST_MS, "administrator"),
]  # fmt: skip
LONG: Final = [
    Page("500 visits: page", _of_longest("patients:detail"), LONG_MS),
    Page("500 visits: visits", _of_longest("patients:visits"), LONG_MS),
    Page("500 visits: photos", _of_longest("patients:photos"), LONG_MS),
    Page("500 visits: record", _of_longest("patients:record"), LONG_MS),
    Page("500 visits: log", _of_longest("patients:log"), LONG_MS),
    Page("500 visits: JSON", _of_longest("recovery:data"), LONG_MS),
    Page("500 visits: CSV", _of_longest("recovery:csv"), LONG_MS),
    Page("500 visits: compare", _compare, LONG_MS),
    Page("500 visits: new visit", _of_longest("visits:new"), LONG_MS),
    Page("500 visits: one visit", _newest_visit, LONG_MS),
    Page("500 visits: API history", _of_longest("api:patient-history"), LONG_MS, api=True),
    Page("500 visits: API episode CSV", _episode,
         LONG_MS, api=True, headers={"accept": "text/csv"}),
]  # fmt: skip


def clients(house: House) -> dict[str, Client]:
    """A client for each role, logged in, and one with a token of the clinician's for the API."""
    found = {}
    for who in ("clinician", "administrator"):
        found[who] = Client()
        found[who].force_login(getattr(house, who))
    _label, token = create_token(user=house.clinician, name="measured", days=1, clinic=house.clinic)
    found["api"] = Client(headers={"authorization": f"Bearer {token}"})
    return found
