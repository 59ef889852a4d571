"""The copy for the patient: everything that is held, readable without us, and nothing of it left lying about."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile

import pytest
from django.db import models
from django.urls import reverse

from clinic.audit.holdings import HOLDINGS
from clinic.audit.models import AuditEvent
from clinic.rights import dossier
from clinic.rights import services as rights
from clinic.store import files
from clinic.visits.models import Photo

from .test_erasure import full as full  # a patient with something in every table
from .test_rights import url


def copy_of(client, patient) -> zipfile.ZipFile:
    answer = client.post(url("export", patient))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    assert re.fullmatch(r'attachment; filename="record-\d{4}-\d\d-\d\d\.zip"', answer["Content-Disposition"])
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


@pytest.fixture
def archive(full, as_clinician):
    return copy_of(as_clinician, full)


def test_every_row_of_every_table_is_in_it(full, archive):
    record = json.loads(archive.read("record.json"))
    assert (record["form"], record["version"]) == ("risorius-patient-copy", 1)
    for holding in HOLDINGS:
        rows = list(holding.rows(full.pk))
        if not holding.section:
            assert record["not_copied"][holding.model]
            continue
        if holding.section == "access_log":
            assert len(record["access_log"]) >= len(rows) - 5
            continue
        assert len(record[holding.section]) == len(rows), holding.model
        for row, said in zip(rows, record[holding.section], strict=True):
            columns = {field.name for field in row._meta.concrete_fields} - set(holding.without)
            assert set(said) == columns, holding.model
    assert {
        section
        for section in ("patient", "photos", "analyses", "confirmations", "consents")
        if not record[section]
    } == set()


def test_values_are_those_of_the_record(full, archive):
    record = json.loads(archive.read("record.json"))
    assert record["patient"][0]["name"] == full.name
    assert record["patient"][0]["birth_date"] == full.birth_date.isoformat()
    assert record["treatments"][0]["note"] == "60 mg"
    assert record["confirmations"][0]["comment"] == "As last time"
    assert [row["phone"] for row in record["patient_history"]].count("") >= 1, "what stood there before"
    assert str(record["confirmations"][0]["by"]) in record["people"]
    assert set(record["releases"]) == {"next", "test-release"}
    assert set(record["releases"]["test-release"]) == {
        "intended_use",
        "not_for",
        "known_failures",
        "not_evaluated",
    }


def test_photos_are_in_it_with_their_checksums(full, archive):
    record = json.loads(archive.read("record.json"))
    sums = dict(line.split("  ")[::-1] for line in archive.read("checksums.txt").decode().splitlines())
    for photo in Photo.objects.all():
        name = record["files"][str(photo.pk)]
        assert archive.read(name) == files.read(photo)
        assert sums[name] == hashlib.sha256(archive.read(name)).hexdigest() == photo.sha256
    assert archive.testzip() is None


def test_no_name_of_a_file_tells_whose_it_is(full, archive):
    for name in archive.namelist():
        assert re.fullmatch(
            r"(index\.html|style\.css|record\.json|checksums\.txt|photos/[0-9a-z-]+\.jpg)", name
        )
        assert full.record_number.lower() not in name


def test_the_page_opens_without_us(full, archive):
    page = archive.read("index.html").decode()
    assert full.name in page and "60 mg" in page and "My name" in page
    assert "Not taken: Pucker (Pain)" in page
    assert "<script" not in page and "http://" not in page and "https://" not in page
    assert "<style" not in page and " style=" not in page
    for source in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert source in archive.namelist(), source


def test_the_page_speaks_the_clinics_language(full, as_clinician):
    full.clinic.language = "id"
    full.clinic.save()
    assert '<html lang="id">' in copy_of(as_clinician, full).read("index.html").decode()


def test_sealed_photos_are_opened_and_lost_ones_are_named(full, as_clinician, photo_folder):
    lost = Photo.objects.order_by("taken_at", "created_at").first()
    (photo_folder / lost.image.name).unlink()
    archive = copy_of(as_clinician, full)
    name = json.loads(archive.read("record.json"))["files"][str(lost.pk)]
    assert name not in archive.namelist()
    assert f"# {name} could not be read: file_missing" in archive.read("checksums.txt").decode()


def test_each_photo_is_logged_before_the_first_byte(full, clinician, as_clinician):
    as_clinician.post(url("export", full))  # the stream is never read
    events = AuditEvent.objects.filter(kind="export", patient=full, user=clinician, page="patients:export")
    assert events.filter(photo__isnull=False).count() == 2
    assert events.filter(photo__isnull=True).count() == 1


def test_it_is_made_of_one_photo_at_a_time(full, monkeypatch):
    held: list[int] = []
    read = files.read
    monkeypatch.setattr(files, "read", lambda photo: held.append(photo.size) or read(photo))
    pieces = iter(dossier.stream(patient=full))
    for _ in range(3):
        next(pieces)
    assert held == []
    next(pieces)
    assert len(held) == 1


def test_nothing_of_it_lies_on_the_disk(full, as_clinician, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object):
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", refuse)
    assert copy_of(as_clinician, full).namelist()


def test_reviewers_and_strangers_make_no_copy(full, as_reviewer, as_stranger, as_clinician, client):
    assert as_reviewer.post(url("export", full)).status_code == 403
    assert as_stranger.post(url("export", full)).status_code == 404
    assert as_clinician.get(url("export", full)).status_code == 405
    assert client.post(url("export", full)).status_code == 302


def test_it_asks_again_who_sits_there(full, as_clinician, settings):
    settings.STEP_UP_SECONDS = 0
    answer = as_clinician.post(url("export", full))
    assert answer.status_code == 302 and not hasattr(answer, "streaming_content")
    assert not AuditEvent.objects.filter(kind="export", page="patients:export").exists()


def test_a_restricted_record_is_copied_for_its_patient_all_the_same(full, administrator, as_administrator):
    rights.restrict(user=administrator, patient=full, ground="claim", reason="Needs it in court")
    assert as_administrator.post(url("export", full)).status_code == 403
    as_administrator.post(reverse("patients:open", args=[full.pk]), {"reason": "Copy for the patient"})
    assert copy_of(as_administrator, full).namelist()


def test_the_reasons_of_a_hold_stay_with_the_clinic(full, administrator, as_clinician):
    rights.hold(user=administrator, patient=full, reason="Their lawyer is weak")
    archive = copy_of(as_clinician, full)
    assert b"lawyer" not in archive.read("record.json") + archive.read("index.html")
    assert len(json.loads(archive.read("record.json"))["legal_holds"]) == 2


def test_the_models_named_are_models():
    for holding in HOLDINGS:
        assert issubclass(holding.table, models.Model)
