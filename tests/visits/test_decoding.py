"""What a photo may cost: hostile files are refused or stopped, and the process that serves pages stays small."""

from __future__ import annotations

import io
import os
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image

from clinic.visits import decoding, intake
from clinic.visits.models import Photo
from clinic.visits.refusals import IntakeError

from .. import factories
from .pictures import encoded, picture, upload

PEOPLE = Path(__file__).parents[1] / "people"


def prepare(data: bytes) -> intake.Prepared:
    return decoding.prepare(upload=upload(data))


def code_of(data: bytes) -> str:
    with pytest.raises(IntakeError) as caught:
        prepare(data)
    return caught.value.code


@pytest.fixture
def decoders(settings, monkeypatch) -> Any:
    """Children of this test's own, with the settings as the test changes them."""
    own = decoding.Decoders()
    monkeypatch.setattr(decoding, "_decoders", own)
    yield own
    own.end()


def many_scans(count: int) -> bytes:
    """A progressive JPEG that repeats one of its refinements: small, and as much work as so many pictures."""
    data = encoded(image=picture((1600, 1600)), progressive=True, quality=30)
    starts = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    last = data[starts[-1] : -2]
    return data[:-2] + last * count + b"\xff\xd9"


def many_segments(count: int) -> bytes:
    data = encoded()
    return data[:2] + b"\xff\xfe\x00\x03x" * count + data[2:]


def fill_bytes(count: int) -> bytes:
    data = encoded()
    return data[:2] + b"\xff" * count + data[2:]


def wide_png(width: int, height: int, colour: int = 6, depth: int = 8) -> bytes:
    """A PNG of one colour: hundreds of megabytes of pixels in a few hundred kilobytes."""
    size = width * depth // 8 * {0: 1, 2: 3, 6: 4}[colour]
    packer = zlib.compressobj(9)
    row = b"\0" + b"\x80" * size
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [many_scans(900), many_segments(60_000), fill_bytes(2_000_000)],
    ids=["scans", "segments", "fill bytes"],
)
def test_a_jpeg_that_costs_far_more_than_a_photo_is_refused_unread(data, monkeypatch):
    monkeypatch.setattr(decoding._decoders, "prepare", lambda *given: pytest.fail("it was decoded"))
    assert code_of(data) == "too_costly"


@pytest.mark.parametrize("progressive", [False, True])
def test_an_ordinary_photo_with_a_film_behind_it_is_none_of_those(progressive):
    """A motion photo's film holds by chance what looks like hundreds of scans."""
    data = encoded(image=Image.open(PEOPLE / "t1.jpg"), progressive=progressive)
    film = (b"\xff\xda\xff" * 3 + b"abc") * 5_000
    assert prepare(data + film).width == Image.open(PEOPLE / "t1.jpg").width


def test_what_the_child_answers_is_what_this_process_would_have_made():
    data = (PEOPLE / "t1.jpg").read_bytes()
    assert prepare(data) == intake.prepare(upload=io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty"), (b"text", "not_a_photo"), (encoded()[:300], "damaged")]
)
def test_the_reasons_are_the_same(data, code):
    assert code_of(data) == code


def test_a_photo_that_takes_too_much_memory_costs_its_child_and_nothing_else(decoders, settings):
    settings.DECODING_MEMORY = 64 * 1024**2
    assert code_of(wide_png(7_000, 7_000, colour=2)) == "too_costly"
    assert prepare(encoded()).width


def test_a_photo_that_takes_too_long_is_stopped(decoders, settings):
    settings.DECODING_SECONDS = 0
    began = time.monotonic()
    assert code_of(wide_png(8_000, 8_000, colour=2)) == "too_costly"
    assert time.monotonic() - began < 30
    settings.DECODING_SECONDS = 20
    assert prepare(encoded()).width


def test_the_largest_photos_stay_within_their_budget_and_out_of_this_process(decoders):
    """Sixty-four megapixels, or half as many with transparency: what grows is the child."""
    files = [wide_png(8_000, 8_000, colour=2), wide_png(5_700, 5_700)]
    files.append(encoded(image=Image.new("RGB", (8_000, 8_000)), progressive=True))
    prepare(encoded())
    before = private_bytes(os.getpid())
    for data in files:
        assert prepare(data).width == intake.LONGEST_SIDE
    assert private_bytes(os.getpid()) - before < 60 * 1024**2
    assert code_of(wide_png(8_000, 8_000)) == "too_costly"


def test_whoever_waits_too_long_is_asked_to_come_back(decoders, settings, client, transactional_db):
    settings.DECODERS, settings.DECODING_WAIT = 1, 0.2
    clinician = factories.member(factories.ClinicFactory())
    clinic = clinician.memberships.get().clinic
    visit = factories.VisitFactory(
        episode=factories.EpisodeFactory(patient__clinic=clinic), clinician=clinician
    )
    client.force_login(clinician)
    child = decoders._take()
    try:
        answer = client.post(
            reverse("visits:upload", args=[visit.pk]),
            {"photo": upload(encoded()), "exercise": "rest"},
            headers={"Accept": "application/json"},
        )
        over_the_api = client.post(
            "/api/v1/photos/", {"image": upload(encoded()), "exercise": "rest", "visit": str(visit.pk)}
        )
    finally:
        decoders._give_back(child)
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "5", "busy")
    assert (over_the_api.status_code, over_the_api["Retry-After"]) == (503, "5")
    assert not Photo.objects.exists()
    assert prepare(encoded()).width


def test_few_are_decoded_at_once_and_all_get_their_turn(decoders, settings):
    settings.DECODERS = 2
    done: list[int] = []
    threads = [
        threading.Thread(
            target=lambda shade=shade: done.append(prepare(encoded(image=picture(shade=shade))).width)
        )
        for shade in range(0, 80, 10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(done) == len(threads)
    assert len(decoders._idle) <= 2


def test_a_child_knows_no_secret(decoders, monkeypatch):
    monkeypatch.setenv("RISORIUS_SECRET_KEY", "do-not-tell")
    prepare(encoded())
    (child,) = decoders._idle
    assert b"do-not-tell" not in Path(f"/proc/{child.pid}/environ").read_bytes()


def private_bytes(pid: int) -> int:
    """What belongs to that process alone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))
