"""What a photo may cost: hostile files are refused or stopped, and the process that serves pages stays small."""

from __future__ import annotations

import io
import os
import re
import signal
import struct
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image

from clinic.visits import cost, decoding, intake
from clinic.visits.models import Photo
from clinic.visits.refusals import IntakeError

from .. import factories
from .costly import fill_bytes, many_chunks, many_scans, many_segments, photo, wide_png
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


HEAD_OF_WEBP = b"RIFF\xff\xff\0\0WEBP"
COSTLY = {
    "scans": (lambda: many_scans(900), "too_costly"),
    "scans of a large one": (lambda: many_scans(30, 5500), "too_costly"),
    "segments": (lambda: many_segments(60_000), "too_costly"),
    "fill bytes": (lambda: fill_bytes(2_000_000), "too_costly"),
    "coefficients": (
        lambda: encoded(image=Image.new("CMYK", (8000, 8000)), progressive=True, quality=30), "too_costly",
    ),
    "jpeg's pixels": (lambda: encoded(image=Image.new("L", (8100, 8100)), quality=30), "too_many_pixels"),
    "transparent pixels": (lambda: wide_png(8_000, 6_250), "too_costly"),
    "png's pixels": (lambda: wide_png(8_100, 8_100, colour=0), "too_many_pixels"),
    "sixteen bits": (lambda: wide_png(8_000, 8_000, colour=0, depth=16), "too_costly"),
    "chunks": (lambda: many_chunks(20_000), "too_costly"),
    "a canvas": (lambda: HEAD_OF_WEBP + b"VP8X\x0a\0\0\0" + b"\0" * 4 + b"\xff\x3f\0" * 2, "too_many_pixels"),
    "a canvas that is copied": (
        lambda: HEAD_OF_WEBP + b"VP8X\x0a\0\0\0" + b"\0" * 4 + b"\xff\x1b\0" * 2, "too_costly",
    ),
    "items": (lambda: heif(items=5_000), "too_costly"),
    "a declared size": (lambda: heif(size=(9_000, 9_000)), "too_many_pixels"),
}  # fmt: skip


def heif(items: int = 1, size: tuple[int, int] = (400, 400)) -> bytes:
    """What a HEIC begins with: its kind, and the box that describes its items and their sizes."""
    described = b"infe" * items + b"ispe\0\0\0\0" + struct.pack(">II", *size)
    box = struct.pack(">I4s", 12 + len(described), b"meta") + b"\0" * 4 + described
    return struct.pack(">I4s", 24, b"ftyp") + b"heic\0\0\0\0heicmif1" + box


@pytest.mark.parametrize("name", sorted(COSTLY))
def test_what_costs_far_more_than_a_photo_is_refused_undecoded(name, monkeypatch):
    make, code = COSTLY[name]
    data = make()
    monkeypatch.setattr(decoding._decoders, "prepare", lambda *given: pytest.fail("it was decoded"))
    began = time.process_time()
    assert code_of(data) == code
    assert time.process_time() - began < 2, "a look costs little"


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "subsampling": 0}),
        ("PNG", {"compress_level": 1}),
        ("WEBP", {"method": 0}),
        ("WEBP", {"method": 0, "lossless": True}),
        ("HEIF", {}),
        ("AVIF", {"speed": 10}),
    ],
)
def test_of_every_kind_the_size_is_known_before_it_is_decoded(kind, how):
    found = cost.reckon(photo(1200, 900, kind, **how), kind)
    assert found.pixels == pytest.approx(1200 * 900, rel=0.1) and found.refusal(kind) == ""
    assert found.work >= found.pixels and found.memory >= found.pixels


def test_a_bound_stands_for_each_kind_and_the_largest_photos_are_within(settings):
    assert set(cost.MOST_PARTS) == intake.KINDS
    assert settings.DECODING_MEMORY > cost.BYTES_PER_PIXEL * settings.PHOTO_MAX_PIXELS
    for found in (cost.Cost(pixels=64_500_000, memory=450_000_000, scans=10, parts=400),):
        assert found.refusal("JPEG") == ""


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


def test_a_photo_that_takes_too_long_on_the_wall_is_stopped(decoders, settings):
    settings.DECODING_SECONDS = 0
    began = time.monotonic()
    assert code_of(wide_png(8_000, 8_000, colour=2)) == "too_costly"
    assert time.monotonic() - began < 30
    settings.DECODING_SECONDS = 20
    assert prepare(encoded()).width


def test_where_the_machine_has_no_time_the_photo_is_asked_for_again(decoders, settings, monkeypatch):
    """Stopped by the clock on the wall, with little processor time used: it is not the photo that is costly."""
    settings.DECODING_SECONDS = 20
    monkeypatch.setattr(decoding, "SLOWEST", 0.01)
    assert code_of(wide_png(7_000, 7_000, colour=2)) == "busy"
    monkeypatch.undo()
    assert prepare(encoded()).width


def test_the_kernel_stops_a_photo_that_takes_too_much_processor_time(settings, monkeypatch):
    """As if the look at its scans had overlooked something: minutes of work on any machine, stopped after a second
    or two of it, and long before the limit on the wall."""
    settings.DECODING_SECONDS = 1
    monkeypatch.setattr(decoding, "SLOWEST", 500)
    child = decoding.DecodingProcess()
    try:
        with pytest.raises(decoding.ChildDied):
            child.prepare(many_scans(40_000), None)
        assert child._process.returncode == -signal.SIGXCPU
    finally:
        child.end()


def test_a_child_is_the_first_to_go_and_the_last_to_run(decoders):
    prepare(encoded())
    (child,) = decoders._idle
    assert Path(f"/proc/{child.pid}/oom_score_adj").read_text().strip() == "1000"
    assert os.getpriority(os.PRIO_PROCESS, child.pid) > os.getpriority(os.PRIO_PROCESS, 0)


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


def test_what_strangers_send_is_decoded_in_children_alone():
    """No page, no call of the API and no command decodes an upload in its own process."""
    root = Path(intake.__file__).parents[1]
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(
            r"\bintake\.(prepare|decoded)\(|from \.+intake import .*\b(prepare|decoded)\b", path.read_text()
        )
    }
    assert found == {"visits/decoding_child.py"}
    used = [path for path in root.rglob("*.py") if "decoding.prepare(" in path.read_text()]
    assert {path.name for path in used} >= {"services.py", "quick.py"}
