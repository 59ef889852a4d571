"""Pages that our own pages ask for come compressed, and nobody else's; a cold load is small."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from tests import factories
from tests.conftest import logged_in

pytestmark = pytest.mark.django_db
ASKS = {"accept-encoding": "gzip, br"}
COLD_LOAD = 150_000


@pytest.fixture
def browser(clinic, clinician):
    for number in range(30):
        factories.PatientFactory(clinic=clinic, name=f"Imaginary {number}")
    return logged_in(clinician)


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_comes_compressed_and_is_the_same(browser, site):
    plain = browser.get("/patients/")
    short = browser.get("/patients/", headers={**ASKS, "sec-fetch-site": site})
    assert short["Content-Encoding"] == "gzip" and "Accept-Encoding" in short["Vary"]
    assert len(short.content) == int(short["Content-Length"]) < len(plain.content) / 3
    assert b"Imaginary 3" in gzip.decompress(short.content)


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_what_a_stranger_s_page_asks_for_tells_nothing_by_its_length(browser, site):
    headers = ASKS if site is None else {**ASKS, "sec-fetch-site": site}
    assert "Content-Encoding" not in browser.get("/patients/", headers=headers)


PAGES = {
    "today": None,
    "patients:list": None,
    "patients:detail": "patient",
    "patients:photos": "patient",
    "visits:detail": "visit",
    "visits:photo": "photo",
    "visits:review": None,
    "inference:models": None,
}


def with_modules(files: set[str]) -> set[str]:
    """These files of static/, and the modules that they import."""
    found = set(files)
    waiting = [file for file in files if file.startswith("js/")]
    while waiting:
        text = (Path(settings.BASE_DIR) / "static" / waiting.pop()).read_text()
        new = {f"js/{name}" for name in re.findall(r'from "\./([^"]+)";', text)} - found
        found |= new
        waiting += new
    return found


def test_a_page_s_weight_counts_the_modules_of_its_modules():
    assert with_modules({"js/upload.js"}) >= {"js/send.js", "js/consent.js", "js/page.js"}


@pytest.mark.parametrize("name", PAGES)
def test_a_cold_load_of_a_page_is_small(browser, clinic, name):
    analysis = factories.AnalysisFactory(photo__visit__episode__patient__clinic=clinic)
    visit = analysis.photo.visit
    record = {"patient": visit.patient, "visit": visit, "photo": analysis.photo}.get(PAGES[name] or "")
    address = reverse(name, args=[record.pk] if record else [])
    page = browser.get(address, headers={**ASKS, "sec-fetch-site": "none"})
    text = gzip.decompress(page.content).decode()
    files = with_modules(set(re.findall(r'(?:href|src)="/static/([^"#?]+)', text)))
    sizes = {
        file: len(gzip.compress((Path(settings.BASE_DIR) / "static" / file).read_bytes())) for file in files
    }
    assert len(page.content) + sum(sizes.values()) < COLD_LOAD, sizes
