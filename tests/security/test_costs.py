"""What somebody can make us store, or make us work, by saying much."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from clinic.common.models import LONGEST_TEXT
from clinic.common.writing import errors_of
from tests import factories
from tests.api.conftest import everything

from . import doors

pytestmark = pytest.mark.django_db
OURS = ("accounts", "patients", "visits", "examination", "inference", "recovery")
TEXTS = [
    (model, field)
    for model in apps.get_models()
    if model._meta.app_label in OURS and not model.__name__.startswith("Historical")
    for field in model._meta.concrete_fields
    if isinstance(field, models.TextField) and field.editable
]


@pytest.mark.parametrize(
    ("model", "field"), TEXTS, ids=lambda one: getattr(one, "__name__", None) or one.name
)
def test_no_text_of_several_lines_is_endless(model: Any, field: Any) -> None:
    def codes(length: int) -> set[str]:
        record = model(**{field.attname: "x" * length})
        others = [other.name for other in model._meta.fields if other is not field]
        return {error.code for error in errors_of(record, exclude=others).get(field.name, [])}

    assert codes(LONGEST_TEXT + 1) == {"max_length"} and not codes(LONGEST_TEXT)


def test_an_endless_text_is_refused_by_page_and_api(as_clinician, visit, episode) -> None:
    text = "x" * (LONGEST_TEXT + 1)
    for name, pk, field in (("visit", visit.pk, "impression"), ("episode", episode.pk, "notes")):
        path = reverse(f"api:{name}-detail", args=[pk])
        body = {field: text}
        answer = as_clinician.patch(path, body, content_type="application/json", headers={"if-match": "*"})
        assert answer.status_code == 400, answer.content[:300]
        assert "max_length" in answer.content.decode()
    form = {"impression": text, "version": "1"}
    assert as_clinician.post(reverse("visits:edit", args=[visit.pk]), form).status_code == 422
    visit.refresh_from_db()
    assert visit.impression == ""


@pytest.mark.parametrize(
    "name", ["patient-list", "patient-search", "visit-list", "token", "confirmation-list"]
)
def test_a_body_of_many_unknown_fields_is_answered_briefly(as_clinician, name: str) -> None:
    body = {f"field{number}": number for number in range(100_000)}
    started = time.process_time()
    answer = as_clinician.post(reverse(f"api:{name}"), body, content_type="application/json")
    assert answer.status_code == 400 and len(answer.content) < 20_000
    assert time.process_time() - started < 3


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names():
            # A failed attempt has its line and its count: both are bounded by the door's own limits.
            if table not in ("audit_auditevent", "accounts_failures"):
                cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
                found[table] = cursor.fetchone()[0]
        return found


def test_a_strangers_visits_leave_no_row_behind(visit, clinician, settings) -> None:
    settings.RATES = {}
    records = {**vars(everything(visit, clinician)), "membership": factories.MembershipFactory()}
    invited = factories.MembershipFactory(accepted_at=None)
    made_up = [
        reverse("accounts:invitation_link", args=[invited.pk, "c0ffee-0123456789abcdef0123456789abcdef"]),
        reverse("accounts:set_password", args=["MQ", "c0ffee-0123456789abcdef0123456789abcdef"]),
    ]
    # A passkey is asked for by a challenge that the session remembers: so many a minute, as at every door.
    limited = reverse("mfa_login_webauthn")
    assert "mfa_login_webauthn" in settings.LIMITED_PAGES
    before = counts()
    addresses = {doors.path_of(route, records) for route, _pattern in doors.patterns()} - {limited}
    for path in [*sorted(addresses), *made_up]:
        for method in ("get", "post"):
            form = {"language": "id", "next": "/", "username": "x@example.org", "password": "x", "q": "x"}
            getattr(Client(raise_request_exception=False), method)(path, form if method == "post" else {})
            assert Session.objects.count() == before["django_session"], f"{method} {path}"
    assert counts() == before
