# ruff: noqa: F811
"""The consent to the clinical record is asked for in place before the first photo, and nothing chosen is lost."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.patients.models import Consent
from clinic.visits import consenting
from clinic.visits.models import Photo
from tests import factories

from .pictures import encoded, picture
from .test_browser import CAMERA, WAIT, browser, clinician, open_page, sees  # noqa: F401  # fixtures

ASKED = 'id="consent-dialog"'
GO_ON = "data-consent-go-on"
pages = pytest.mark.parametrize("page", ["visits:detail", "visits:capture"])


@pytest.fixture
def visit(clinician):
    clinic = clinician.memberships.get().clinic
    episode = factories.EpisodeFactory(patient__clinic=clinic)
    return factories.VisitFactory(episode=episode, clinician=clinician)


@pytest.fixture
def text_of(client, clinician, visit):
    client.force_login(clinician)
    return lambda page: client.get(reverse(page, args=[visit.pk])).content.decode()


@pages
@pytest.mark.django_db(transaction=True)
def test_it_is_asked_for_until_it_is_recorded(text_of, client, visit, page):
    assert ASKED in text_of(page) and GO_ON in text_of(page)
    answer = client.post(
        reverse("visits:consent", args=[visit.pk]),
        {"given_on": timezone.localdate().isoformat(), "manner": "guardian"},
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 201
    consent = Consent.objects.get()
    assert (consent.use, consent.manner, consent.patient) == ("record", "guardian", visit.patient)
    assert ASKED not in text_of(page)


@pages
@pytest.mark.django_db(transaction=True)
def test_nobody_goes_on_where_it_was_taken_back_or_the_installation_insists(
    text_of,
    settings,
    clinician,
    visit,
    page,
):
    settings.REQUIRE_RECORD_CONSENT = True
    assert ASKED in text_of(page) and GO_ON not in text_of(page)
    settings.REQUIRE_RECORD_CONSENT = False
    consent = consenting.give_consent(
        user=clinician, patient=visit.patient, use="record", given_on=timezone.localdate()
    )
    consenting.revoke_consent(user=clinician, consent=consent)
    assert ASKED in text_of(page) and GO_ON not in text_of(page)


@pytest.mark.django_db(transaction=True)
def test_a_day_in_the_future_is_refused_with_a_sentence(text_of, client, visit):
    text_of("visits:detail")
    day = timezone.localdate() + dt.timedelta(days=2)
    answer = client.post(
        reverse("visits:consent", args=[visit.pk]),
        {"given_on": day.isoformat()},
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 422 and "future" in answer.json()["detail"]
    assert not Consent.objects.exists()


def choose(page: Any) -> None:
    files = [
        {"name": f"{number}.png", "mimeType": "image/png", "buffer": encoded("PNG", picture(shade=number))}
        for number in (4, 5)
    ]
    page.locator(".upload-zone [data-upload-input]").first.set_input_files(files)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_chosen_photos_wait_for_the_answer_and_go_on_after_it(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    dialog = page.locator("#consent-dialog")
    expect(dialog).to_be_hidden()
    on_record = page.locator(".banner-consents")
    expect(on_record).to_contain_text("No consent recorded")
    choose(page)
    expect(dialog).to_be_visible()
    page.get_by_role("button", name="Not now").click()
    # Nothing was sent and nothing is lost.
    sees(page.locator(".upload-row"), 2)
    assert not Photo.objects.exists()
    page.locator(".upload-row").first.get_by_role("button", name="Try again").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("How").select_option("spoken")
    dialog.get_by_role("button", name="Record the consent").click()
    sees(page.locator(".visit-card"), 1)
    expect(on_record).to_have_text("Clinical record")
    page.locator(".upload-row").first.get_by_role("button", name="Try again").click()
    sees(page.locator(".visit-card"), 2)
    assert Consent.objects.get().manner == "spoken"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_one_goes_on_without_once_for_all_photos_of_the_page(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    choose(page)
    page.get_by_role("button", name="Go on without").click()
    sees(page.locator(".visit-card"), 2)
    assert not Consent.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_camera_keeps_its_photo_while_somebody_asks(open_page, visit):
    page = open_page("visits:capture", visit.pk, permissions=["camera"])
    page.get_by_role("button", name=re.compile("Take the photo")).click(timeout=WAIT)
    keep = page.get_by_role("button", name="Keep", exact=True)
    keep.click(timeout=WAIT)
    dialog = page.locator("#consent-dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(keep).to_be_visible()  # the shot is still there
    assert not Photo.objects.exists()
    keep.click()
    dialog.get_by_role("button", name="Record the consent").click()
    expect(page.locator(".capture-name")).to_have_text("Brow raise 2 of 13", timeout=WAIT)
    assert Photo.objects.count() == Consent.objects.count() == 1
