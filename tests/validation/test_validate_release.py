"""A clinic's own labelled folder: what is read of it, what is counted, and a card that shows if it was altered."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from clinic.audit.models import AuditEvent
from clinic.patients.models import Patient
from clinic.validation import acceptance, labelled
from clinic.validation.acceptance_card import altered
from clinic.validation.management.commands import validate_release
from inference.pipeline.errors import UnreadableImage
from inference.pipeline.findings import Findings
from inference.releases import registry
from tests import factories

PEOPLE = Path(__file__).parents[1] / "people"
HEAD = "file,person,label,view,side,grade,group_age"
pytestmark = pytest.mark.django_db


def picture(person: int, photo: int = 0) -> bytes:
    """A picture like no other, which tells the test's own model whose it is; photo 2 can't be read."""
    return factories.jpeg(40, 50, (20 * person, 100 * photo, 60))


def written(folder: Path, rows: list[str], head: str = HEAD, encoding: str = "utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_bytes("\n".join([head, *rows]).encode(encoding))
    return folder


@pytest.fixture
def folder(tmp_path):
    """Twelve people: six with a left palsy of grade IV, six healthy; two photos each."""
    place = tmp_path / "set"
    place.mkdir()
    rows = []
    for number in range(12):
        weak = number % 2 == 0
        for photo, view in enumerate(("rest", "smile_with_teeth")):
            name = f"p{number}-{photo}.jpg"
            (place / name).write_bytes(picture(number, photo))
            said = ("palsy", view, "left", "IV") if weak else ("healthy", view, "", "1")
            rows.append(",".join((name, f"ZQ-{number}", *said, "old" if number < 4 else "young")))
    return written(place, rows)


class Fake:
    """Finds what the labels say, but for what a test wants otherwise."""

    release = SimpleNamespace(visit={}, name="test-release")
    uses_reference = True
    wrong: frozenset[int] = frozenset()
    seen: list[tuple[bool, bool]]

    def __init__(self, *_: Any, **__: Any) -> None:
        type(self).seen = []

    def analyse(self, source: bytes, reference: bytes | None = None) -> Findings:
        with Image.open(io.BytesIO(source)) as image:
            red, green, _ = image.convert("RGB").getpixel((5, 5))
        number = round(red / 20)
        self.seen.append((number % 2 == 0, reference is not None))
        if green > 150:
            raise UnreadableImage("No picture.")
        weak = (number % 2 == 0) != (number in self.wrong)
        shares = {str(grade): (0.7 if grade == (4 if weak else 1) else 0.06) for grade in range(1, 7)}
        return Findings(
            state="succeeded",
            release="test-release",
            exercise="rest" if reference is None else "smile_with_teeth",
            palsy_probability=0.94 if weak else 0.05,
            palsy_verdict="weak" if weak else "normal",
            weak_side="left" if weak else None,
            weak_side_probabilities={"left": 0.95, "right": 0.05},
            grade=4 if weak else 1,
            grade_probabilities=shares,
            zones={},
            quality={"warnings": []},
        )


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(validate_release, "Analyser", Fake)
    monkeypatch.setattr(Fake, "wrong", frozenset())
    return Fake


def run(folder: Path, out: Path) -> dict[str, Any]:
    call_command("validate_release", folder, out=out, by="Research Group", stdout=io.StringIO())
    return json.loads(out.read_text())


def refused(folder: Path, tmp_path: Path) -> str:
    out = tmp_path / "refused.json"
    with pytest.raises(CommandError) as error:
        call_command("validate_release", folder, out=out, by="x", stdout=io.StringIO())
    assert error.value.returncode == 2 and not out.exists() and not out.with_suffix(".md").exists()
    return str(error.value)


# --- the card -----------------------------------------------------------------------------------------------------


def test_people_are_counted_and_not_photos(folder, fake, tmp_path):
    card = run(folder, tmp_path / "card.json")
    assert card["set"] | {"labels_sha256": "", "photos_sha256": ""} == {
        "people": 12, "healthy": 6, "palsy": 6, "photos": 24, "labels_sha256": "", "photos_sha256": "",
    }  # fmt: skip
    found = card["figures"]["people"]
    assert found["sensitivity"] == {
        "value": 1.0,
        "low": 0.6097,
        "high": 1.0,
        "count": 6,
        "interval": "wilson",
    }
    assert (found["auc"]["value"], found["side"]["count"], found["grade_within_one"]["value"]) == (
        1.0,
        6,
        1.0,
    )
    assert card["figures"]["photos"]["sensitivity"]["count"] == 12
    assert card["figures"]["photos"]["sensitivity"]["people"] == 6
    assert card["figures"]["views"] == {"rest": {"rest": 12}, "smile_with_teeth": {"smile_with_teeth": 12}}


def test_the_interval_of_photos_is_as_wide_as_that_of_their_people(folder, fake, tmp_path, monkeypatch):
    monkeypatch.setattr(fake, "wrong", frozenset({0, 2}))
    found = run(folder, tmp_path / "card.json")["figures"]
    assert found["people"]["sensitivity"]["value"] == pytest.approx(4 / 6, abs=1e-4)
    photos = found["photos"]["sensitivity"]
    assert photos["value"] == pytest.approx(8 / 12, abs=1e-4)
    # Twelve independent photos would reach from 0.39 to 0.86; two photos of a person say no more than one.
    assert photos["low"] <= 0.34 and photos["high"] == 1.0


def test_each_is_judged_beside_the_same_persons_face_at_rest(folder, fake, tmp_path):
    run(folder, tmp_path / "card.json")
    assert [beside for _, beside in fake.seen] == [False, True] * 12


def test_what_has_no_result_is_told_by_its_reason(folder, fake, tmp_path):
    (folder / "p0-0.jpg").write_bytes(picture(0, 2))
    found = run(folder, tmp_path / "card.json")["figures"]
    assert found["rejections"] == {UnreadableImage("x").code: 1}
    assert found["photos"]["rejected"]["value"] == pytest.approx(1 / 24, abs=1e-4)


def test_a_subgroup_of_few_people_is_a_number_alone(folder, fake, tmp_path):
    groups = run(folder, tmp_path / "card.json")["subgroups"]["group_age"]
    assert groups["old"] == {"people": 4}
    assert groups["young"]["people"] == 8 and groups["young"]["sensitivity"]["count"] == 4


def test_nothing_of_people_or_files_is_kept(folder, fake, tmp_path):
    out = tmp_path / "card.json"
    before = AuditEvent.objects.count(), Patient.objects.count(), sorted(folder.iterdir())
    run(folder, out)
    for text in (out.read_text(), out.with_suffix(".md").read_text()):
        assert "ZQ-" not in text and "p0-0" not in text
    assert (AuditEvent.objects.count(), Patient.objects.count(), sorted(folder.iterdir())) == before


def test_the_same_set_gives_the_same_figures_and_another_picture_another_hash(folder, fake, tmp_path):
    one, two = run(folder, tmp_path / "one.json"), run(folder, tmp_path / "two.json")
    assert one["figures"] == two["figures"] and one["set"] == two["set"]
    (folder / "p3-1.jpg").write_bytes(factories.jpeg(40, 51, (60, 100, 60)))
    assert run(folder, tmp_path / "three.json")["set"]["photos_sha256"] != one["set"]["photos_sha256"]


# --- signed -------------------------------------------------------------------------------------------------------


def verify(path: Path) -> str:
    out = io.StringIO()
    call_command("validate_release", verify=path, stdout=out)
    return out.getvalue()


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in _leaves(value[key], (*path, key))]
    return [path]


def test_a_card_that_was_altered_anywhere_shows(folder, fake, tmp_path):
    out = tmp_path / "card.json"
    card = run(folder, out)
    assert "As it was signed" in verify(out)
    for path in _leaves(card):
        other = json.loads(out.read_text())
        place = other
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = "another"
        assert altered(other), path
    assert altered({**card, "more": 1}) and altered({**card, "signature": None}) and altered([])


def test_the_command_says_so_by_its_status(folder, fake, tmp_path):
    out = tmp_path / "card.json"
    card = run(folder, out)
    card["figures"]["people"]["sensitivity"]["value"] = 0.99
    out.write_text(json.dumps(card))
    with pytest.raises(CommandError) as error:
        verify(out)
    assert error.value.returncode == 1 and "changed it since" in str(error.value)
    out.write_text("{")
    with pytest.raises(CommandError) as error:
        verify(out)
    assert error.value.returncode == 2


def test_after_the_key_was_changed_an_older_card_is_still_verified(folder, fake, tmp_path, settings):
    out = tmp_path / "card.json"
    settings.AUDIT_KEYS = ["one" * 20]
    run(folder, out)
    settings.AUDIT_KEYS = ["two" * 20, "one" * 20]
    assert "As it was signed" in verify(out)
    settings.AUDIT_KEYS = ["two" * 20]
    with pytest.raises(CommandError, match="not known here"):
        verify(out)


def test_a_card_that_is_there_is_never_written_over(folder, fake, tmp_path):
    out = tmp_path / "card.json"
    run(folder, out)
    with pytest.raises(CommandError, match="not there yet"):
        run(folder, out)


# --- hostile and wrong folders ------------------------------------------------------------------------------------


def test_under_ten_people_are_refused_however_many_photos(tmp_path, monkeypatch):
    monkeypatch.setattr(validate_release, "Analyser", None)
    place = tmp_path / "few"
    place.mkdir()
    rows = []
    for number in range(60):
        (place / f"{number}.jpg").write_bytes(picture(number % 12, number // 30))
        rows.append(f"{number}.jpg,P{number % 9},healthy,,,,")
    assert "9 people" in refused(written(place, rows), tmp_path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("../outside.jpg,A,palsy,,,,", "leads out of the folder"),
        ("/etc/passwd,A,palsy,,,,", "leads out of the folder"),
        ("a/../../outside.jpg,A,palsy,,,,", "leads out of the folder"),
        ("..\\outside.jpg,A,palsy,,,,", "leads out of the folder"),
        ("C:/x.jpg,A,palsy,,,,", "leads out of the folder"),
        (".,A,palsy,,,,", "leads out of the folder"),
        ("link.jpg,A,palsy,,,,", "is a link or no plain file"),
        ("away/outside.jpg,A,palsy,,,,", "leads out of the folder"),
        ("pipe.jpg,A,palsy,,,,", "is a link or no plain file"),
        ("huge.jpg,A,palsy,,,,", "is larger than"),
        ("gone.jpg,A,palsy,,,,", "is not there"),
        ("labels.csv,A,palsy,,,,", "is no photo"),
        ("p0-0.jpg,,palsy,,,,", "person: give each person a code"),
        ("p0-0.jpg,A,sick,,,,", "label: write healthy or palsy"),
        ("p0-0.jpg,A,palsy,grin,,,", "view: leave it empty"),
        ("p0-0.jpg,A,palsy,,upper,,", "side: leave it empty"),
        ("p0-0.jpg,A,palsy,,,VII,", "grade: leave it empty"),
        ("p0-0.jpg,A,palsy,,,1,", "the grade is II or more"),
        ("p0-0.jpg,A,healthy,,left,,", "there is no weak side"),
        ("p0-0.jpg,A,palsy,,,", "cells where the head line has"),
        ("p1-0.jpg,ZQ-0,healthy,,,,old", "labelled palsy there"),
        ("p0-0.jpg,ZQ-0,palsy,rest,left,IV,old", "the same file as in row 2"),
        ("new.jpg,ZQ-0,palsy,,right,,old", "whose weak side is left there"),
        ("new.jpg,ZQ-0,palsy,,,,young", "in other subgroups there"),
    ],
)
def test_each_wrong_row_is_named_with_what_to_do(folder, fake, tmp_path, row, said):
    (tmp_path / "outside.jpg").write_bytes(picture(12))
    (folder / "new.jpg").write_bytes(picture(12, 1))
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.jpg")
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(labelled.MOST_BYTES + 1)
    labels = folder / "labels.csv"
    labels.write_text(labels.read_text() + "\n" + row)
    told = refused(folder, tmp_path)
    assert "row 26" in told and said in told


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("file,person", "“label” is missing"),
        ("file,person,label,name", "“name” is not known"),
        ("file,person,label,label", "is there twice"),
        ("", "“file” is missing"),
    ],
)
def test_wrong_columns_are_named(tmp_path, fake, head, said):
    assert said in refused(written(tmp_path / "set", [], head), tmp_path)


def test_labels_in_another_code_or_elsewhere_are_refused(tmp_path, fake):
    place = written(tmp_path / "set", ["ä.jpg,A,palsy,,,,"], encoding="latin-1")
    assert "UTF-8" in refused(place, tmp_path)
    (place / "labels.csv").rename(tmp_path / "labels.csv")
    (place / "labels.csv").symlink_to(tmp_path / "labels.csv")
    assert "can't be opened" in refused(place, tmp_path)


def test_one_picture_under_two_names_is_refused(folder, fake, tmp_path):
    (folder / "p3-1.jpg").write_bytes((folder / "p0-0.jpg").read_bytes())
    assert "the same picture as in row 2" in refused(folder, tmp_path)


def test_excel_s_semicolons_and_mark_are_read(folder):
    labels = folder / "labels.csv"
    labels.write_text("\ufeff" + labels.read_text().replace(",", ";"), encoding="utf-8")
    assert len(labelled.read(folder).people) == 12


def test_a_page_holds_no_markup_of_the_set(folder, fake, tmp_path):
    labels = folder / "labels.csv"
    labels.write_text(labels.read_text().replace("young", "<script>|x|"))
    out = tmp_path / "card.json"
    run(folder, out)
    assert "<script>" not in out.with_suffix(".md").read_text()


# --- arithmetic ---------------------------------------------------------------------------------------------------


def test_the_area_counts_pairs():
    weak, well = [0.9, 0.4, 0.5], [0.1, 0.5, 0.3, 0.2]
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in weak for b in well]
    assert acceptance._area(weak, well) == pytest.approx(sum(pairs) / len(pairs))


def test_the_real_pipeline_runs_it(tmp_path, settings):
    """Simulated faces, saved at ten qualities: ten files and not ten people, but a run from end to end."""
    settings.MODEL_ARTIFACTS_DIR = settings.BASE_DIR / "inference" / "artifacts"
    registry.forget()
    place = tmp_path / "set"
    place.mkdir()
    rows = []
    with Image.open(PEOPLE / "t1-left-palsy-smile.jpg") as image:
        for number in range(10):
            image.save(place / f"{number}.jpg", quality=80 + number)
            rows.append(f"{number}.jpg,P{number},palsy,smile,left,,")
    card = run(written(place, rows), tmp_path / "card.json")
    assert card["figures"]["people"]["sensitivity"]["count"] == 10
    assert card["figures"]["people"]["specificity"]["value"] is None and not altered(card)
    assert card["release"]["files"] and len(card["release"]["fingerprint"]) == 64
