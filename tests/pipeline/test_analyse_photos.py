"""manage.py analyse_photos, run as its user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inference.batch import KEYS, photos

from .conftest import PEOPLE

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {
    "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test",
    # Nobody listens there: the command must not ask.
    "RISORIUS_DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "analyse_photos", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


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
    said = {name: (row["state"], row["reason"]) for name, row in rows.items()}
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
    header, first, second = told.stdout.splitlines()
    assert header.split()[:2] == ["file", "result"]
    assert "show_teeth" in first
    assert "left" in first
    assert "no_face" in second


def test_a_path_that_does_not_exist_is_a_failed_photo(tmp_path, folder):
    told = run(tmp_path / "none.jpg", folder / "a.jpg", "--json")
    first, second = map(json.loads, told.stdout.splitlines())
    assert (first["state"], first["reason"]) == ("failed", "file_missing")
    assert second["state"] == "succeeded"
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
