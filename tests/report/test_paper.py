"""The PDF itself: tagged, in its language, on its pages, quick, with nothing from elsewhere."""

from __future__ import annotations

import http.server
import re
import resource
import threading
from pathlib import Path

import pytest
from django.urls import reverse

from clinic.operations.checks import installation
from clinic.report import rendering
from clinic.report.audience import Audience
from clinic.report.rendering import Document
from tests import factories
from tests.recovery import scenes

from .conftest import Paper, made
from .test_content import course

pytestmark = pytest.mark.django_db
LONG_NAME = "Raden Mas Nguyễn Şükrü Łukasz Ōtani-Müller van der Þórðarson-Kusumawardhani bin Abdurrahman"


def long_course(episode, clinician, visits: int = 60) -> None:
    for day in range(visits):
        visit = scenes.visit(
            episode, 3 + 5 * day, grade=max(1, 6 - day // 12), impression="Kelopak mata " * 9
        )
        factories.AnalysisFactory(
            photo=scenes.photo(visit, "smile"), data=factories.findings(exercise="smile")
        )
    for day in range(12):
        factories.TreatmentFactory(
            episode=episode, date=scenes.on(20 * day).date(), note="Latihan di depan cermin"
        )


@pytest.mark.parametrize("audience", Audience.values)
def test_it_is_tagged_for_whoever_listens(episode, clinician, paper, audience):
    course(episode, clinician)
    factories.TreatmentFactory(episode=episode, date=scenes.on(5).date())
    done: Paper = paper(made(episode, clinician, audience, "id"))
    assert done.facts["Tagged"] == "yes" and done.facts["Title"]
    assert re.search(rb"/Lang\s*\(id\)", done.objects)
    assert b"pdfuaid" in done.objects and re.search(rb"/DisplayDocTitle\s+true", done.objects)
    tags = done.tags
    assert tags.count("H1 (block)") == 1 and "H2 (block)" in tags
    figures = tags.split("Figure")[1:]
    assert figures and done.objects.count(b"/Alt") >= len(figures)
    if audience == Audience.REFERRER:
        assert "TH " in tags and "Table (block)" in tags and "/Headers" in tags


def test_charts_are_vectors(episode, clinician, paper):
    course(episode, clinician)
    assert not re.search(rb"/Subtype\s*/Image", paper(made(episode, clinician)).objects)


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_patients_copy_is_one_page_however_long_the_course(episode, clinician, patient, paper, language):
    type(patient).objects.update(name=LONG_NAME)
    long_course(episode, clinician)
    episode = type(episode).objects.get(pk=episode.pk)
    assert paper(made(episode, clinician, Audience.PATIENT, language)).pages == 1


def test_each_page_of_a_letter_says_whose_it_is(episode, clinician, patient, paper):
    type(patient).objects.update(name=LONG_NAME)
    long_course(episode, clinician)
    episode = type(episode).objects.get(pk=episode.pk)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done: Paper = paper(made(episode, clinician, language="id"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3.0
    assert 1 < done.pages <= 5
    every = done.text.split("\f")
    for number, text in enumerate(every[: done.pages], 1):
        assert re.search(rf"\b{number}\s*/\s*{done.pages}\b", text)
        assert patient.record_number in text and "Nguyễn Şükrü Łukasz" in text


def test_of_a_patient_of_whom_nothing_is_recorded(episode, clinician, paper):
    for audience in Audience.values:
        done: Paper = paper(made(episode, clinician, audience))
        assert (
            done.pages == 1 and "No clinician has given a grade yet" in done.text
        ) or audience == "referrer"
    assert "No visit is on record yet" in done.text


class Heard(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


WAYS = (
    '<img src="{0}">',
    '<object data="{0}"></object>',
    '<link rel="stylesheet" href="{0}">',
    '<link rel="attachment" href="{0}">',
    '<style>@import "{0}";</style>',
    '<style>body {{ background: url("{0}") }}</style>',
    '<style>@font-face {{ font-family: x; src: url("{0}") }} body {{ font-family: x }}</style>',
    '<a rel="attachment" href="{0}">x</a>',
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="{0}" width="9" height="9"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><use href="{0}#a"/></svg>',
)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_fetched(way):
    server = http.server.HTTPServer(("127.0.0.1", 0), Heard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Heard.asked.clear()
    try:
        for address in (f"http://127.0.0.1:{server.server_port}/", "file:///etc/hostname", "//127.0.0.1/x"):
            html = f"<html lang='en'><title>x</title><body>{way.format(address)}<p>y</p></body></html>"
            try:
                content = rendering.pdf(Document(html, ""))
            except rendering.CannotRender:
                continue
            assert Path("/etc/hostname").read_bytes().strip() not in content
    finally:
        server.shutdown()
        server.server_close()
    assert Heard.asked == []


def test_what_was_given_is_shown_and_nothing_else_of_that_kind():
    html = "<html lang='en'><title>x</title><body><img src='given:other' alt='x'></body></html>"
    with pytest.raises(rendering.CannotRender):
        rendering.pdf(Document(html, ""))


def test_a_machine_without_pango_is_told_what_to_install(as_clinician, episode, patient, monkeypatch):
    scenes.visit(episode, 3)
    monkeypatch.setattr(rendering.sys, "executable", "/bin/sh")
    monkeypatch.setattr(
        rendering, "_child", lambda *_: __import__("subprocess").CompletedProcess([], 3, b"", b"")
    )
    response = as_clinician.get(reverse("report:pdf", args=[patient.pk]), follow=True)
    assert response.status_code == 200 and "libpango" in response.content.decode()
    answer = as_clinician.get(reverse("api:episode-report", args=[episode.pk]))
    assert answer.status_code == 503 and answer.json()["code"] == "report_unavailable"
    assert "libpango" in answer.json()["detail"]
    [found] = installation.reports()
    assert "Pango" in found.msg and "apt-get install" in found.hint


def test_with_it_the_doctor_is_content():
    assert installation.reports() == []


def test_a_document_that_costs_too_much_ends_its_child_alone(monkeypatch):
    monkeypatch.setattr(rendering, "SECONDS", 1)
    rows = "<tr><td>x</td></tr>" * 60_000
    with pytest.raises(rendering.CannotRender):
        rendering.pdf(Document(f"<html lang='en'><title>x</title><table>{rows}</table></html>", ""))


def test_whoever_comes_while_another_is_made_is_asked_to_come_back(
    as_clinician, episode, patient, settings, monkeypatch
):
    monkeypatch.setattr(rendering, "WAIT", 0.01)
    place = rendering._places.setdefault(settings.REPORTS_AT_ONCE, threading.BoundedSemaphore(1))
    scenes.visit(episode, 3)
    with place:
        answer = as_clinician.get(reverse("api:episode-report", args=[episode.pk]))
    assert answer.status_code == 503 and answer["Retry-After"] == "5"
