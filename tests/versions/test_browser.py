"""Two people at two browsers write on one record at once; and a page that is left with something half typed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic.patients.models import Patient
from clinic.rights.changes import changes
from clinic.visits.models import Visit

from .. import factories
from ..shell.conftest import cookies_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 60_000


@pytest.fixture
def clinic(transactional_db):
    return factories.ClinicFactory()


@pytest.fixture
def visit(clinic):
    episode = factories.EpisodeFactory(patient__clinic=clinic)
    return factories.VisitFactory(episode=episode, clinician=factories.member(clinic))


@pytest.fixture
def sit_down(browser, live_server, clinic) -> Iterator[Any]:
    """Makes a person of the clinic with a browser of their own, and opens a page in it."""
    contexts, errors = [], []
    expect.set_options(timeout=WAIT)

    def sit_down(full_name: str, path: str) -> Page:
        person = factories.member(clinic, full_name=full_name)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        context.set_default_timeout(WAIT)
        context.add_cookies(cookies_of(person, live_server.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(live_server.url + path, wait_until="domcontentloaded")
        return page

    yield sit_down
    for context in contexts:
        context.close()
    expect.set_options()
    assert errors == []


def settled(page: Page) -> None:
    """Until nothing that was typed waits to be saved, or something has to be chosen."""
    expect(page.locator("#saved .save-running")).to_have_count(0, timeout=WAIT)


def type_word(pages: dict[str, Page], number: int) -> None:
    """A word at each page, key by key in turn, so that both are typed at the same time."""
    fields = {name: page.locator("textarea[name=impression]") for name, page in pages.items()}
    words = {name: f" {name}{number};" for name in pages}
    for field in fields.values():
        field.press("Control+End")
    for place in range(max(map(len, words.values()))):
        for name, field in fields.items():
            if place < len(words[name]):
                field.press_sequentially(words[name][place])


def test_two_who_write_into_one_impression_at_once_lose_nothing(sit_down, visit):
    """For some seconds, as many as `TYPING_SECONDS` says, and until both have had to choose."""
    path = reverse("visits:detail", args=[visit.pk])
    pages = {"first": sit_down("Dr First", path), "second": sit_down("Dr Second", path)}
    conflicts, words = 0, 0
    begun, seconds = time.monotonic(), float(os.environ.get("TYPING_SECONDS", "8"))
    while (took := time.monotonic() - begun) < seconds or (took < WAIT / 1000 and conflicts < 2):
        type_word(pages, words)
        words += 1
        # Sometimes faster than a save, sometimes not.
        pages["first"].wait_for_timeout(300 if words % 3 else 1100)
        for page in pages.values():
            box = page.locator("[data-conflict]")
            if box.count():
                conflicts += 1
                # Both texts stand there, whose the other one is, and that nothing is saved.
                expect(box).to_contain_text("saved something else here")
                expect(page.locator("#saved")).to_contain_text("Not saved yet")
                assert "Saved" not in page.locator("#saved").inner_text()
                keep_both(page)
    for _round in range(6):
        for page in pages.values():
            settled(page)
            keep_both(page)
        if not any(page.locator("#saved .save-running, [data-conflict]").count() for page in pages.values()):
            break
    assert conflicts >= 2 and words >= 4
    told = Visit.objects.get().impression
    typed = {f"{name}{number};" for name in pages for number in range(words)}
    assert {word for word in typed if word not in told} == set()
    # Whatever either page was told is saved is in the history, under the name of whoever wrote it, and no line of it
    # takes a word away that an earlier one had.
    rows = [row for row in visit.history.order_by("history_id") if row.history_user]
    assert {row.history_user.full_name for row in rows} == {"Dr First", "Dr Second"}
    for before, after in pairwise(rows):
        assert {word for word in typed if word in before.impression and word not in after.impression} == set()
    log = [change for change in changes(patient=visit.patient) if change.action == "changed"]
    assert {change.who.full_name for change in log} == {"Dr First", "Dr Second"}
    assert log[0].after == told


def keep_both(page: Page) -> None:
    """Decide until nothing is left to decide: what the other page still had to save may conflict once more."""
    box = page.locator("[data-conflict]")
    for _again in range(5):
        if not box.count():
            return
        box.get_by_text("Keep both").click()
        with contextlib.suppress(AssertionError):
            expect(box).to_have_count(0, timeout=10_000)
    expect(box).to_have_count(0)


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("Keep mine", "Mine and more"), ("Keep theirs", "Theirs"), ("Keep both", "Theirs\nMine and more")],
)
def test_one_tap_decides(sit_down, visit, choice, kept):
    path = reverse("visits:detail", args=[visit.pk])
    first, second = sit_down("Dr First", path), sit_down("Dr Second", path)
    first.locator("textarea[name=impression]").fill("Theirs")
    expect(first.locator("#saved .save-done")).to_be_visible()
    second.locator("textarea[name=impression]").fill("Mine")
    box = second.locator("[data-conflict]")
    expect(box).to_contain_text("Dr First saved something else here")
    # Until then it isn't saved, whatever else is typed.
    second.locator("textarea[name=impression]").press("Control+End")
    second.locator("textarea[name=impression]").press_sequentially(" and more")
    second.wait_for_timeout(1200)
    expect(second.locator("#saved")).to_contain_text("Not saved yet")
    assert Visit.objects.get().impression == "Theirs"
    box.get_by_text(choice).click()
    expect(second.locator("#saved .save-done")).to_be_visible()
    settled(second)
    assert Visit.objects.get().impression == kept
    expect(second.locator("textarea[name=impression]")).to_have_value(kept)


def test_what_somebody_else_changed_comes_into_the_page_with_the_next_save(sit_down, visit):
    path = reverse("visits:detail", args=[visit.pk])
    first, second = sit_down("Dr First", path), sit_down("Dr Second", path)
    first.get_by_text("Say what you find").click()
    statement = first.locator("#visit-word .correct-form")
    statement.get_by_text("Yes", exact=True).click()
    statement.get_by_text("Left", exact=True).click()
    statement.locator("select[name=grade]").select_option("4")
    with first.expect_navigation():
        statement.get_by_role("button", name="Save my finding").click()
    assert Visit.objects.get().grade == 4
    second.locator("textarea[name=impression]").fill("Mine")
    expect(second.locator("#saved")).to_contain_text("Changed by somebody else meanwhile")
    expect(second.locator("#visit-word .clinician-value").first).to_contain_text("IV")
    expect(second.locator("textarea[name=impression]")).to_have_value("Mine")
    assert (Visit.objects.get().impression, Visit.objects.get().grade) == ("Mine", 4)


def test_a_patient_s_form_shows_both_and_saves_what_is_chosen(sit_down, visit):
    path = reverse("patients:edit", args=[visit.patient_id])
    first, second = sit_down("Dr First", path), sit_down("Dr Second", path)
    first.get_by_label("Telephone").fill("111")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("The changes are saved.")).to_be_visible()
    second.get_by_label("Telephone").fill("222")
    second.get_by_label("Languages").fill("Sundanese")
    second.get_by_role("button", name="Save").click()
    box = second.locator("[data-conflict=phone]")
    expect(box).to_contain_text("Dr First saved something else here")
    box.get_by_text("Keep theirs").click()
    expect(second.get_by_label("Telephone")).to_have_value("111")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("The changes are saved.")).to_be_visible()
    patient = Patient.objects.get()
    assert (patient.phone, patient.languages) == ("111", "Sundanese")


NEW = reverse("patients:new")
KEPT = "JSON.stringify(sessionStorage)"


@contextlib.contextmanager
def kept(page: Page) -> Iterator[None]:
    """Until the tab keeps what is typed meanwhile; its policy forbids to wait within the page."""
    before = page.evaluate(KEPT)
    yield
    until = time.monotonic() + WAIT / 1000
    while page.evaluate(KEPT) == before:
        assert time.monotonic() < until, "nothing was kept"
        page.wait_for_timeout(50)


def left_with(page: Page, name: str) -> None:
    with kept(page):
        page.get_by_label("Name", exact=True).fill(name)


def test_half_a_patient_is_back_after_another_page(sit_down, live_server):
    page = sit_down("Dr First", NEW)
    left_with(page, "Half Typed")
    page.locator("nav a[href='/patients/']").first.click()
    page.wait_for_url("**/patients/")
    page.go_back()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half Typed")
    # By a link too, and not only by Back; and it can be thrown away.
    page.goto(live_server.url + "/patients/")
    page.goto(live_server.url + NEW)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half Typed")
    expect(page.get_by_text("What you had typed here before")).to_be_visible()
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    page.goto(live_server.url + "/patients/")
    page.goto(live_server.url + NEW)
    expect(page.get_by_label("Name", exact=True)).to_have_value("")


def test_what_was_refused_is_kept_and_what_was_taken_is_not(sit_down, live_server):
    page = sit_down("Dr First", NEW)
    left_with(page, "Refused First")
    page.locator(".form-record button.btn-primary").click()
    expect(page.get_by_text("Nothing was saved yet")).to_be_visible()
    page.goto(live_server.url + "/patients/")
    page.goto(live_server.url + NEW)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Refused First")
    page.locator("#id_record_number").fill("R-1")
    page.get_by_text("Stroke", exact=True).click()
    page.get_by_text("Left", exact=True).click()
    with kept(page):
        page.locator("#id_onset_date").fill("2026-10-01")
    page.locator(".form-record button.btn-primary").click()
    page.wait_for_url("**/record/", wait_until="domcontentloaded")
    page.goto(live_server.url + NEW)
    expect(page.get_by_label("Name", exact=True)).to_have_value("")


def test_a_tab_that_is_closed_with_something_half_typed_asks(sit_down):
    page = sit_down("Dr First", NEW)
    asked: list[str] = []

    def on_dialog(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", on_dialog)
    page.get_by_label("Name", exact=True).press_sequentially("Half Typed")
    page.close(run_before_unload=True)
    page.wait_for_event("close") if not page.is_closed() else None
    assert asked == ["beforeunload"]


def test_what_was_typed_from_an_old_version_does_not_overwrite_a_newer_one(sit_down, live_server, visit):
    path = reverse("patients:edit", args=[visit.patient_id])
    first = sit_down("Dr First", path)
    with kept(first):
        first.get_by_label("Telephone").fill("222")
    first.goto(live_server.url + "/patients/")
    second = sit_down("Dr Second", path)
    second.get_by_label("Telephone").fill("111")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("The changes are saved.")).to_be_visible()
    first.goto(live_server.url + path)
    expect(first.get_by_label("Telephone")).to_have_value("222")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("[data-conflict=phone]")).to_contain_text("Dr Second saved something else here")
    assert Patient.objects.get().phone == "111"
