"""The docs page in a real browser: it shows every group, tries an operation, and breaks no rule of the house."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from clinic.patients.models import Patient
from tests.shell.conftest import person, window  # noqa: F401  fixtures

from .contract import document

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def docs(window):  # noqa: F811
    """The window, patient: the bundle is large, and the machine may be busy."""
    window.context.set_default_timeout(90_000)
    expect.set_options(timeout=90_000)
    return window


def opened(window):  # noqa: F811
    window.open(reverse("api:docs"))
    expect(window.page.locator(".opblock-tag").first).to_be_visible()
    return window.page


def shown(page, operation: str):
    tag = operation.split("_")[0]
    group = page.locator(f"#operations-tag-{tag}")
    if group.get_attribute("data-is-open") == "false":
        group.click()
    block = page.locator(f"#operations-{tag}-{operation}")
    block.locator(".opblock-summary-control").click()
    expect(block.locator(".opblock-description-wrapper").first).to_be_visible()
    return block


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]


def test_it_shows_every_group_to_everybody_and_the_browser_minds_nothing(docs):
    page = opened(docs)
    assert page.locator(".opblock-tag").count() == len(document()["tags"])
    shown(page, "photos_create")
    assert docs.wide() <= 0
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark-mode")).to_be_visible()
    assert violations(page) == []
    assert docs.complaints == []


def test_an_operation_can_be_tried_with_the_pages_own_login(docs, person):  # noqa: F811
    page = opened(docs)
    block = shown(page, "patients_create")
    block.locator(".try-out__btn").click()
    body = f'{{"clinic": "{person.home.pk}", "record_number": "D-1", "name": "Budi Contoh"}}'
    block.locator("textarea").fill(body)
    block.locator(".execute").click()
    expect(block.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("201")
    assert Patient.objects.get().record_number == "D-1"
    assert docs.complaints == []


def test_the_menu_leads_to_it(docs):
    docs.open(reverse("accounts:profile"))
    assert docs.page.locator(f"a[href='{reverse('api:docs')}']").count() >= 1


def test_it_can_be_read_without_a_login(client):
    answer = client.get(reverse("api:docs"))
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy
    assert client.post(reverse("api:docs")).status_code == 405
