"""manage.py analyse_photos, run as its user runs it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference import batch
from inference.batch import KEYS, photos
from inference.pipeline.findings import Findings
from inference.pipeline.release import active_folder

from .conftest import PEOPLE

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {
    "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test",
    # Nobody listens there: the command must not ask.
    "RISORIUS_DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
}


def run(*arguments: object, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "analyse_photos", *map(str, arguments)]
    environment = ENVIRONMENT | ({"RISORIUS_MODELS_DIR": str(models)} if models else {})
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def unsure(tmp_path_factory) -> Path:
    """The models in the house with limits between which nearly everything is uncertain."""
    root, house = tmp_path_factory.mktemp("models"), active_folder()
    shutil.copytree(house, root / house.name)
    (root / "ACTIVE").write_text(house.name)
    told = json.loads((house / "release.json").read_text())
    told["thresholds"] |= {"palsy_low": 0.001, "palsy_high": 0.9999, "palsy": 0.9999}
    (root / house.name / "release.json").write_text(json.dumps(told))
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A good photo, one below, a text renamed .jpg, an empty file, no face; and what is no photo at all."""
    root = tmp_path_factory.mktemp("photos")
    (root / "below").mkdir()
    shutil.copy(PEOPLE / "t1-left-palsy-show-teeth.jpg", root / "a.jpg")
    shutil.copy(PEOPLE / "t2.jpg", root / "below" / "b.JPG")
    (root / "c.jpg").write_text("these are words")
    (root / "d.png").write_bytes(b"")
    from PIL import Image

    Image.new("RGB", (200, 200), "grey").save(root / "e.png")
    (root / "notes.txt").write_text("no photo")
    (root / ".hidden.jpg").write_text("no photo either")
    return root


@pytest.fixture(scope="module")
def done(folder):
    return run(folder, "--json")


def test_each_photo_gets_one_line_with_exactly_these_keys(done, folder):
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(row["file"]).name for row in rows] == ["a.jpg", "b.JPG", "c.jpg", "d.png", "e.png"]
    assert all(tuple(row) == KEYS for row in rows)


def test_a_bad_photo_does_not_stop_the_others(done):
    rows = {Path(row["file"]).name: row for row in map(json.loads, done.stdout.splitlines())}
    said = {name: (row["status"], row["reason"]) for name, row in rows.items()}
    assert said == {
        "a.jpg": ("succeeded", None),
        "b.JPG": ("succeeded", None),
        "c.jpg": ("failed", "unreadable_image"),
        "d.png": ("failed", "unreadable_image"),
        "e.png": ("rejected", "no_face"),
    }
    assert rows["a.jpg"]["weak_side"] == "left"
    assert rows["a.jpg"]["grade"] in range(1, 7)
    assert rows["c.jpg"]["palsy_probability"] is None
    assert rows["c.jpg"]["grade"] is None
    assert all(row["milliseconds"] >= 0 and row["release"] for row in rows.values())


def test_failed_photos_show_in_the_exit_status(done):
    assert done.returncode == 1
    assert "2 succeeded, 1 rejected, 2 failed" in done.stderr


def test_without_json_there_is_a_table_and_a_rejected_photo_is_no_failure(folder):
    told = run(folder / "a.jpg", folder / "e.png")
    assert told.returncode == 0
    header, first, sentence, second, why = told.stdout.splitlines()
    assert header.split()[:2] == ["file", "result"]
    assert "show_teeth" in first
    assert "left" in first
    assert sentence.startswith("  Weakness on the left")
    assert "no_face" in second
    assert (
        why
        == "  No face was found in the photo. Retake it from the front, with the whole face in the picture."
    )


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Photos of every sort of result under names of every sort, and what is no file at all."""
    root = tmp_path_factory.mktemp("odd")
    for number, photo in enumerate(sorted(PEOPLE.glob("*.jpg"))):
        shutil.copy(photo, root / f"{number} {photo.name}")
    shutil.copy(PEOPLE / "t1.jpg", os.fsdecode(os.fsencode(root) + b"/caf\xe9 \xff.jpg"))
    shutil.copy(PEOPLE / "t1.jpg", root / "two\nlines\t.jpg")
    shutil.copy(PEOPLE / "t1.jpg", root / "ünï 顔 🙂.jpg")
    os.mkfifo(root / "pipe.jpg")
    (root / "below.jpg").mkdir()
    return root


@pytest.mark.parametrize("form", ["--json", "table"])
def test_each_form_takes_every_photo_and_every_name(odd, form, unsure):
    pipe = odd / "pipe.jpg"
    told = run(odd, pipe, *(["--json"] if form == "--json" else []), models=unsure)
    assert (told.returncode, "Traceback" in told.stderr) == (1, False), told.stderr
    assert "1 failed" in told.stderr
    if form == "--json":
        rows = [json.loads(line) for line in told.stdout.splitlines()]
        assert all(tuple(row) == KEYS and row["format"] == 2 and row["sentence"] for row in rows)
        assert "uncertain" in {row["palsy_verdict"] for row in rows}, "the model is unsure of none of them"
        assert all(row["grade"] is None for row in rows if row["palsy_verdict"] == "uncertain")
        raw = [base64.b64decode(row["file_base64"]) for row in rows if row["file_base64"]]
        assert raw == [os.fsencode(odd) + b"/caf\xe9 \xff.jpg"]
        assert [row["reason"] for row in rows if row["file"] == str(pipe)] == ["not_a_file"]
        assert str(odd / "two\nlines\t.jpg") in {row["file"] for row in rows}
    else:
        lines = told.stdout.splitlines()
        assert len(lines) == 1 + 2 * (len(list(PEOPLE.glob("*.jpg"))) + 4)
        assert any(line.startswith("  Uncertain") for line in lines)
        assert "two\\nlines\\t.jpg" in told.stdout


def test_nothing_but_what_the_command_says_is_on_the_error_stream(folder):
    told = run(folder / "a.jpg", "--verbosity", "0")
    assert told.stderr.splitlines() == [
        f"1 photos: 1 succeeded; median {told.stderr.split('median ')[1].strip()}"
    ]


def test_a_photo_comes_from_standard_input():
    command = [sys.executable, "manage.py", "analyse_photos", "-", "--json"]
    photo = (PEOPLE / "t1-left-palsy-show-teeth.jpg").read_bytes()
    told = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, input=photo, capture_output=True, timeout=120)
    row = json.loads(told.stdout)
    assert (told.returncode, row["file"], row["status"], row["weak_side"]) == (0, "-", "succeeded", "left")
    told = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, input=b"words", capture_output=True, timeout=120
    )
    assert (told.returncode, json.loads(told.stdout)["reason"]) == (1, "unreadable_image")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_has_read_enough_ends_it_quietly(odd, form):
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "manage.py", "analyse_photos", str(odd), *form]
    told = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=writes, stderr=subprocess.PIPE, timeout=120
    )
    os.close(writes)
    assert told.returncode == 141
    assert b"Traceback" not in told.stderr and b"Exception ignored" not in told.stderr


def test_a_folder_that_cant_be_read_is_told(odd, monkeypatch, tmp_path):
    """Not by taking rights away: the tests may run as somebody whom nothing is refused."""
    (tmp_path / "open").mkdir()
    (tmp_path / "locked").mkdir()
    shutil.copy(PEOPLE / "t1.jpg", tmp_path / "open" / "a.jpg")
    scandir = os.scandir

    def refuse(path):
        if Path(os.fsdecode(path)).name == "locked":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = batch.search([str(tmp_path)])
    assert found.files == [tmp_path / "open" / "a.jpg"] and found.unreadable == [tmp_path / "locked"]
    analyser = SimpleNamespace(
        release=SimpleNamespace(name="r"), analyse=lambda source: Findings(state="succeeded")
    )
    rows = list(batch.analyse_all(analyser, batch.NamedFiles([], found.unreadable)))
    assert [(row["status"], row["reason"]) for row in rows] == [("failed", "folder_unreadable")]
    assert "was not analysed" in rows[0]["sentence"]


@pytest.mark.parametrize("name", ["x" * 300 + ".jpg", "a\x00b.jpg", "nowhere/a.jpg", ""])
def test_names_that_no_file_can_have(name, tmp_path):
    analyser = SimpleNamespace(
        release=SimpleNamespace(name="r"), analyse=lambda source: Findings(state="succeeded")
    )
    rows = list(batch.analyse_all(analyser, batch.search([str(tmp_path / "none" / name)])))
    assert [(row["status"], row["reason"]) for row in rows] == [("failed", "file_missing")]


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/stdin"])
def test_devices_are_refused_and_not_read_for_ever(device):
    analyser = SimpleNamespace(
        release=SimpleNamespace(name="r"), analyse=lambda source: pytest.fail("opened")
    )
    if device == "/dev/stdin" and Path(device).is_file():
        pytest.skip("standard input is a file here")
    rows = list(batch.analyse_all(analyser, batch.search([device])))
    assert [(row["status"], row["reason"]) for row in rows] == [("failed", "not_a_file")]


def test_a_photo_at_rest_is_named_and_has_to_be_there(folder, tmp_path):
    told = run(folder / "a.jpg", "--json", "--rest", tmp_path / "none.jpg")
    assert told.returncode == 2
    assert "photo at rest was not found" in told.stderr


def test_the_photo_at_rest_is_judged_by_itself_and_the_others_beside_it(folder):
    from inference.batch import NamedFiles, analyse_all
    from inference.pipeline.findings import Findings

    class Seeing:
        release = type("Release", (), {"name": "any"})()

        def __init__(self) -> None:
            self.beside: dict[str, Path | None] = {}

        def analyse(self, file, reference=None):
            self.beside[file.name] = reference
            return Findings(state="succeeded", reference=reference and "used")

    seeing, rest = Seeing(), folder / "a.jpg"
    rows = list(analyse_all(seeing, NamedFiles([rest, folder / "e.png"], []), rest=rest))
    assert seeing.beside == {"a.jpg": None, "e.png": rest}
    assert [row["reference"] for row in rows] == [None, "used"]


def test_a_path_that_does_not_exist_is_a_failed_photo(tmp_path, folder):
    told = run(tmp_path / "none.jpg", folder / "a.jpg", "--json")
    first, second = map(json.loads, told.stdout.splitlines())
    assert (first["status"], first["reason"]) == ("failed", "file_missing")
    assert second["status"] == "succeeded"
    assert told.returncode == 1


def test_a_folder_without_photos_is_an_error(tmp_path):
    told = run(tmp_path)
    assert told.returncode == 2
    assert "No photo was found there." in told.stderr


def test_missing_models_end_it_with_a_sentence(folder, tmp_path):
    command = [sys.executable, "manage.py", "analyse_photos", str(folder)]
    environment = ENVIRONMENT | {"RISORIUS_MODELS_DIR": str(tmp_path)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert "No model release is active" in told.stderr
    assert told.stdout == ""


def test_the_same_file_named_twice_is_analysed_once(folder):
    assert photos([folder / "a.jpg", folder, folder / "a.jpg"]).count(folder / "a.jpg") == 1
