"""`manage.py score_scale`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinic.examination.scales import BY_CODE

ROOT = Path(__file__).resolve().parents[3]


def run(scale: str, text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    out = io.StringIO()
    call_command("score_scale", scale, stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_answers_come_in_and_the_score_goes_out(monkeypatch):
    answers = dict.fromkeys(BY_CODE["yanagihara"].by_code, 2)
    found = run("yanagihara", json.dumps(answers), monkeypatch)
    assert found["total"] == 20 and found["missing"] == []
    assert found["version"] == BY_CODE["yanagihara"].version


def test_what_is_missing_is_told_and_there_is_no_total(monkeypatch, tmp_path):
    place = tmp_path / "answers.json"
    place.write_text(json.dumps({"brow": 2, "eye": None}))
    out = io.StringIO()
    call_command("score_scale", "fngs", str(place), stdout=out)
    found = json.loads(out.getvalue())
    assert found["total"] is None and found["sub_scores"] == {"regions": None, "secondary": None}
    assert found["missing"] == ["eye", "fold", "oral", "secondary"]


@pytest.mark.parametrize(
    ("scale", "text", "said"),
    [
        ("sunny", "{}", "house_brackmann"),
        ("fngs", "", "no JSON"),
        ("fngs", "[1]", "Give an object"),
        ("fngs", '{"brow": 7}', "Allowed: 1, 2, 3, 4, 5, 6."),
        ("fngs", '{"brow": 2, "brow": 3}', "answered twice"),
        ("fngs", '{"ear": 1}', "Its items are: brow"),
        ("eface", '{"brow": NaN}', "a number from 0 to 100"),
        ("eface", '{"brow": -Infinity}', "a number from 0 to 100"),
        ("eface", '{"brow": 1e999}', "a number from 0 to 100"),
        ("fngs", "[" * 100_000, "no object"),
    ],
)
def test_what_is_wrong_is_said_in_words_with_exit_code_2(scale, text, said, monkeypatch):
    with pytest.raises(CommandError) as raised:
        run(scale, text, monkeypatch)
    assert said in str(raised.value) and raised.value.returncode == 2


def test_a_file_that_is_no_text_is_told_as_one(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\xff")
    for name in ("photo.png", "nothing.json", "."):
        with pytest.raises(CommandError) as raised:
            call_command("score_scale", "fngs", str(tmp_path / name))
        assert raised.value.returncode == 2


def test_the_scales_know_no_django():
    """They can be imported, and score, where Django is not."""
    code = (
        "import sys; sys.modules['django'] = None\n"
        "from clinic.examination.scales import BY_CODE\n"
        "print(BY_CODE['sunnybrook'].score({}).missing[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "rest_eye", done.stderr
