"""A form belongs to the clinic in which it was opened, whatever clinic another tab has switched to since."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone, translation

from clinic.accounts.models import Membership, Role
from clinic.accounts.opened_in import FIELD, GO_BACK, PERSONAL, in_words, is_clinics

from ..forms import forms_of
from .asking import address, writes
from .rows import Row
from .table import ROWS
from .world import WHO, World

pytestmark = pytest.mark.django_db


def of_the_clinic() -> list[Row]:
    """Every row that writes in a clinic and that an administrator may."""
    allowed = WHO.index("administrator")
    posts = [row for row in ROWS if row.method == "POST" and not row.is_api and row.expected[allowed] == "ok"]
    return [row for row in posts if ":" in row.name and row.name not in PERSONAL]


def in_both_clinics(world: World) -> Client:
    """A browser of the first clinic's administrator, who works in both, and in the other one just now."""
    user = world.users["administrator"]
    begun = {"role": Role.ADMINISTRATOR, "accepted_at": timezone.now()}
    Membership.objects.get_or_create(user=user, clinic=world.other.records.clinic, defaults=begun)
    client = Client()
    client.force_login(user)
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(world.other.records.clinic.pk)})
    return client


def clinic_of(client: Client) -> str:
    return str(client.session["clinic_id"])


@pytest.mark.parametrize("row", of_the_clinic(), ids=str)
def test_it_is_refused_in_another_clinic_with_its_text_kept_and_sent_there_by_one_tap(
    row: Row, world: World
) -> None:
    mine, path = world.mine.records.clinic, address(row, world.mine)
    if not is_clinics(resolve(path)):
        pytest.skip("a search, which writes nothing")
    with transaction.atomic():
        client = in_both_clinics(world)
        body = {"version": "1", **row.body(world.mine.records), FIELD: str(mine.pk)}
        files = any(hasattr(value, "read") for value in body.values())
        if files:  # names its record, which is in its own clinic
            transaction.set_rollback(True)
            return
        before = writes()
        refused = client.post(path, body)
        unchanged = writes() == before
        page = refused.content.decode()
        again = next((form for form in forms_of(refused, path) if form.action == path), None)
        there = client.post(path, {**again.fields, GO_BACK: "1"}) if again else None
        clinic = clinic_of(client)
        transaction.set_rollback(True)
    assert (refused.status_code, unchanged) == (409, True)
    assert f"It was opened in <strong>{mine.name}</strong>" in page
    assert again is not None and there is not None
    last = {name: value[-1] if isinstance(value, list) else value for name, value in body.items()}
    typed = {name: str(value) for name, value in last.items() if name != FIELD}
    assert {name: again.fields[name].replace("\r\n", "\n") for name in typed} == typed
    assert again.fields[FIELD] == str(mine.pk)
    assert (there.status_code, clinic) == (row.success, str(mine.pk))


def test_nothing_stands_in_the_wrong_clinic(world: World) -> None:
    row = next(row for row in ROWS if (row.name, row.method) == ("patients:new", "POST"))
    with transaction.atomic():
        client = in_both_clinics(world)
        body = {**row.body(world.mine.records), FIELD: str(world.mine.records.clinic.pk)}
        client.post(address(row, world.mine), body)
        counts = [
            place.records.clinic.patients.filter(name=body["name"]).count()
            for place in (world.mine, world.other)
        ]
        client.post(address(row, world.mine), {**body, GO_BACK: "1"})
        after = [
            place.records.clinic.patients.filter(name=body["name"]).count()
            for place in (world.mine, world.other)
        ]
        transaction.set_rollback(True)
    assert (counts, after) == ([0, 0], [1, 0])


def test_a_clinic_that_one_no_longer_belongs_to_can_not_be_gone_back_to(world: World) -> None:
    row = next(row for row in ROWS if (row.name, row.method) == ("patients:new", "POST"))
    with transaction.atomic():
        body = {**row.body(world.mine.records), FIELD: str(world.other.records.clinic.pk), GO_BACK: "1"}
        answer = world.client("administrator").post(address(row, world.mine), body)
        made = type(world.mine.records.patient).objects.filter(name=body["name"]).exists()
        transaction.set_rollback(True)
    assert (answer.status_code, made) == (409, False)
    assert world.other.house not in answer.content.decode()


def test_what_a_script_saves_of_a_record_on_file_goes_on(world: World) -> None:
    visit = world.mine.records.visit
    with transaction.atomic():
        client = in_both_clinics(world)
        body = {"version": "1", "impression": "typed on", FIELD: str(world.mine.records.clinic.pk)}
        path = reverse("visits:edit", args=[visit.pk])
        answer = client.post(path, body, headers={"hx-request": "true"})
        said = type(visit).objects.get(pk=visit.pk).impression
        transaction.set_rollback(True)
    assert (answer.status_code, said) == (200, "typed on")


@pytest.mark.parametrize("page", [row for row in ROWS if row.method == "GET" and not row.is_api], ids=str)
def test_every_form_says_in_which_clinic_it_was_opened(page: Row, world: World) -> None:
    if page.expected[WHO.index("administrator")] != "ok" or page.name.startswith("/admin"):
        pytest.skip("not for people of the clinic")
    with transaction.atomic():
        response = world.client("administrator").get(address(page, world.mine))
        transaction.set_rollback(True)
    if "text/html" not in response.headers["Content-Type"]:
        return
    for form in forms_of(response):
        assert form.fields.get(FIELD) == str(world.mine.records.clinic.pk), form.action


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sex", "unknown", "Not recorded"),
        ("cause", "stroke", "Stroke"),
        ("grade", "4", "IV"),
        ("palsy", "on", ""),
        ("episode", "0c9e2f1a-7b63-4d58-9a14-5e8f6c2d3b70", ""),
        ("impression", "unknown to me", "unknown to me"),
    ],
)
def test_what_was_typed_is_shown_in_words_and_not_in_codes(name, value, words):
    with translation.override("en"):
        assert in_words(name, value) == words
