"""Which releases are let in, what is done with them, and what is kept of it."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from inference import services
from inference.models import ModelRelease, ReleaseChange, ReleaseState
from inference.pipeline.release import PREPROCESSING_VERSION
from inference.releases import registry
from inference.releases import services as releases
from inference.releases.admission import Refused
from tests import factories

pytestmark = pytest.mark.django_db
WEIGHTS = b"weights"
HASH = "ab" * 32


def sound_card() -> dict[str, object]:
    figure = {"key": "palsy_auc", "name": "AUC", "value": 0.9, "low": 0.8, "high": 0.95, "interval": "95 %"}
    return {
        "intended_use": "Supports clinicians.",
        "data": {
            "disjoint_by": "person",
            "manifest_sha256": HASH,
            "splits": {"train": {"people": 20, "pictures": 900}, "test": {"people": 5, "pictures": 200}},
        },
        "figures": [figure],
    }


def write(root: Path, name: str, /, *, card: dict | None = None, **changes: object) -> Path:
    """A release that may come in, but for what is changed."""
    folder = root / name
    folder.mkdir()
    (folder / "network.tflite").write_bytes(WEIGHTS + name.encode())
    described = {
        "name": name,
        "files": {"network.tflite": hashlib.sha256(WEIGHTS + name.encode()).hexdigest()},
        "exercises": ["rest", "smile"],
        "input_sizes": {},
        "temperatures": {},
        "thresholds": {"palsy": 0.5},
        "preprocessing": PREPROCESSING_VERSION,
        "repeatability": {"mouth_ratio": 0.08, "score.movement.brow": 0.28},
        **changes,
    }
    (folder / "release.json").write_text(json.dumps(described))
    (folder / "card.json").write_text(json.dumps(sound_card() if card is None else card))
    return folder


@pytest.fixture
def root(release):
    return release.parent


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    """What `manage.py model` prints."""

    def run(*arguments: object, command: str = "model") -> str:
        out = io.StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command(command, *map(str, arguments), stdout=out)
        return out.getvalue()

    return run


def state(name: str) -> str:
    return ModelRelease.objects.get(name=name).state


# What comes in, and what does not


def test_a_sound_release_comes_in_and_nothing_uses_it(root, run):
    said = run("register", write(root, "2027.1"), "--by", "Ani", "--why", "better on smiles")
    assert "2027.1 is registered" in said
    [change] = ReleaseChange.objects.all()
    assert (change.before, change.after, change.by, change.why) == (
        "",
        "registered",
        "Ani",
        "better on smiles",
    )
    assert state("2027.1") == ReleaseState.REGISTERED and registry.active().name == "test-release"


def card_without(*path: str, **put: object) -> dict:
    card = json.loads(json.dumps(sound_card()))
    place = card
    for key in path[:-1]:
        place = place[key]
    place.pop(path[-1], None)
    place.update(put)
    return card


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        (card_without("data"), "no test people"),
        (card_without("data", "splits", "test"), "no test people"),
        (card_without("data", "splits", "test", test={"people": 0}), "no test people"),
        (card_without("data", "disjoint_by"), "no person is in two splits"),
        (card_without("data", "disjoint_by", disjoint_by="picture"), "no person is in two splits"),
        (card_without("data", "manifest_sha256"), "no data set by hash"),
        (card_without("data", "manifest_sha256", manifest_sha256="of the big one"), "no data set by hash"),
        (card_without("figures"), "no figures"),
        (card_without("figures", figures=[]), "no figures"),
        (card_without("figures", figures=[{"key": "x", "value": 0.9}]), "no interval"),
        (card_without("figures", figures=[{"key": "x", "value": 1, "low": 0, "high": 1}]), "no interval"),
        (
            card_without(
                "figures", figures=[{"key": "x", "value": None, "low": 0, "high": 1, "interval": "y"}]
            ),
            "no value",
        ),
        ([], "no test people"),
    ],
)
def test_a_release_that_was_not_measured_as_it_should_be_is_refused(root, run, card, sentence):
    folder = write(root, "2027.1", card=card)
    with pytest.raises(CommandError, match=f"(?s)Refused: .*{sentence}.*Nothing was changed"):
        run("register", folder)
    assert not ModelRelease.objects.exists() and not ReleaseChange.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"files": {}}, "no files with checksums"),
        ({"files": {"network.tflite": ""}}, "no SHA-256 checksum"),
        ({"files": {"network.tflite": "0" * 64}}, "differs from its checksum"),
        ({"files": {"gone.tflite": "0" * 64}}, "gone.tflite is missing"),
        ({"files": {"../ACTIVE": "0" * 64}}, "outside its folder"),
        ({"preprocessing": PREPROCESSING_VERSION + 1}, f"this program makes version {PREPROCESSING_VERSION}"),
        ({"exercises": ["whistle"]}, "exercises that this program does not"),
        ({"name": "another"}, "calls itself 'another'"),
    ],
)
def test_a_release_whose_files_are_not_provably_its_own_is_refused(root, run, changes, sentence):
    folder = write(root, "2027.1", **changes)
    with pytest.raises(CommandError, match=sentence):
        run("register", folder)
    assert not ModelRelease.objects.exists()


def test_a_model_file_without_a_checksum_is_refused(root, run):
    folder = write(root, "2027.1")
    (folder / "extra.tflite").write_bytes(b"?")
    with pytest.raises(CommandError, match=r"extra\.tflite lies in the folder without a checksum"):
        run("register", folder)


def test_a_folder_elsewhere_is_refused_and_not_copied(root, run, tmp_path):
    with pytest.raises(CommandError, match="Copy it there first"):
        run("register", write(tmp_path, "2027.1"))
    with pytest.raises(CommandError, match="There is no folder"):
        run("register", "2027.9")
    assert not (root / "2027.1").exists()


def test_a_damaged_release_is_refused(root, run):
    folder = write(root, "2027.1")
    (folder / "release.json").write_text("{")
    with pytest.raises(CommandError, match="damaged"):
        run("register", folder)


def test_a_name_stands_for_one_content_for_ever(root, run):
    folder = write(root, "2027.1")
    run("register", "2027.1")
    with pytest.raises(CommandError, match="registered already"):
        run("register", folder)
    (folder / "card.json").write_text(json.dumps({**sound_card(), "note": "new"}))
    with pytest.raises(CommandError, match="a name of its own"):
        run("register", folder)


# What is done with them


def test_the_shipped_release_is_in_use_until_another_is_activated(root, run, photo):
    assert "test-release" in run("list") and "as shipped" in run("list")
    assert services.queue_analysis(photo=photo).release == "test-release"
    write(root, "2027.1")
    run("register", "2027.1")
    run("activate", "2027.1")
    assert registry.active().name == "2027.1" and registry.active().usable
    assert services.queue_analysis(photo=photo).release == "2027.1"
    assert photo.analyses.count() == 2, "the old one stays"


def test_the_one_before_stays_installed_and_can_come_back(root, run):
    for name in ("2027.1", "2027.2"):
        write(root, name)
        run("register", name)
        run("activate", name)
    assert (state("2027.1"), state("2027.2")) == (ReleaseState.REGISTERED, ReleaseState.ACTIVE)
    run("activate", "2027.1", "--why", "2027.2 misses puffed cheeks")
    assert registry.active().name == "2027.1"
    said = run("list")
    assert "misses puffed cheeks" in said and "2027.1 took its place" in said


def test_retiring_the_one_in_use_brings_the_shipped_one_back(root, run):
    write(root, "2027.1")
    run("register", "2027.1")
    run("activate", "2027.1")
    assert "In use: test-release" in run("retire", "2027.1")
    with pytest.raises(CommandError, match="Register it again first"):
        run("activate", "2027.1")
    run("register", "2027.1")
    run("activate", "2027.1")
    (root / "ACTIVE").unlink()
    with pytest.raises(CommandError, match="nothing would take its place"):
        run("retire", "2027.1")
    assert state("2027.1") == ReleaseState.ACTIVE


@pytest.mark.parametrize("act", ["activate", "shadow"])
def test_an_altered_release_is_not_used(root, run, act):
    folder = write(root, "2027.1")
    run("register", "2027.1")
    described = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**described, "thresholds": {"palsy": 0.1}}))
    with pytest.raises(CommandError, match="not the one that was registered"):
        run(act, "2027.1")
    (folder / "network.tflite").write_bytes(b"other")
    with pytest.raises(CommandError, match="differs from its checksum"):
        run(act, "2027.1")
    assert state("2027.1") == ReleaseState.REGISTERED


def test_a_release_in_use_that_is_altered_later_is_noticed(root, run):
    folder = write(root, "2027.1")
    run("register", "2027.1")
    run("activate", "2027.1")
    assert registry.active().usable
    described = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**described, "thresholds": {"palsy": 0.1}}))
    registry.forget()
    [problem] = registry.active().problems
    assert problem.code == "model_altered" and registry.active().name == "2027.1"


def test_what_can_not_be_is_refused(root, run):
    write(root, "2027.1")
    for act in ("activate", "shadow", "retire"):
        with pytest.raises(CommandError, match=r"is registered\. Register its folder"):
            run(act, "2027.1")
    run("register", "2027.1")
    run("shadow", "2027.1")
    with pytest.raises(CommandError, match="runs beside the release in use already"):
        run("shadow", "2027.1")
    run("activate", "2027.1")
    with pytest.raises(CommandError, match="is in use already"):
        run("activate", "2027.1")
    with pytest.raises(CommandError, match="can't run beside itself"):
        run("shadow", "2027.1")
    assert registry.shadow_name() == ""


@pytest.mark.parametrize("only_one", [ReleaseState.ACTIVE, ReleaseState.SHADOW])
def test_the_database_itself_allows_one_in_use_and_one_shadow(only_one):
    ModelRelease.objects.create(name="a", fingerprint=HASH, state=only_one)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelRelease.objects.create(name="b", fingerprint=HASH, state=only_one)


def test_a_refused_act_leaves_the_one_before_in_use(root):
    write(root, "2027.1")
    releases.register(folder=Path("2027.1"), by="Ani")
    releases.activate(name="2027.1", by="Ani")
    with pytest.raises(Refused):
        releases.activate(name="2027.9", by="Ani")
    assert state("2027.1") == ReleaseState.ACTIVE


def test_the_default_holds_while_the_database_can_not_be_asked(monkeypatch):
    from django.db import OperationalError

    def broken():
        raise OperationalError("away")

    monkeypatch.setattr("inference.selectors.decision", broken)
    registry.forget()
    assert registry.active().name == "test-release"


# The pages


def test_only_administrators_read_what_was_done_and_by_whom(root, run, as_clinician, as_administrator):
    write(root, "2027.1")
    run("register", "2027.1", "--by", "Ani the administrator", "--why", "better on smiles")
    page = reverse("inference:release", args=["2027.1"])
    assert b"Ani the administrator" not in as_clinician.get(page).content
    assert b"Ani the administrator" in as_administrator.get(page).content


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("palsy_auc", 0.9182, "0.92"),
        ("bias_mm", -1.257, "-1.26"),
        ("calibration_error_palsy", 0.0188, "0.02"),
    ],
)
def test_figures_are_rounded_and_not_cut_off(key, value, shown):
    from inference.releases.cards import CardFigure

    figure = CardFigure(key, "", "", value, low=None, high=None, pictures=None, people=None, interval="")
    assert figure.shown == shown


def test_a_card_of_tomorrow_is_shown_in_its_own_words(root, as_clinician):
    card = sound_card()
    card["figures"].append(
        {"key": "bias_mm", "name": "Bias of the corner", "value": -1.25, "low": -2, "high": 0.5,
         "interval": "95 %", "group": "measures"}
    )  # fmt: skip
    measured = {"value": 0.87, "low": 0.8, "high": 0.9}
    card |= {
        "leak_hunt": [{"tried": "face masked", "showed": "chance"}],
        "controls": {"masked_accuracy": {"value": 0.51, "low": 0.4, "high": 0.6}},
        "not_evaluated": [{"group": "children", "why": "no child is among them"}, "beards"],
        "groups": [
            {"family": "skin tone", "group": "dark", "people": 7, "figures": {"view": measured}},
            {"family": "skin tone", "group": "pale", "people": 1, "figures": {}, "note": "too few"},
        ],
    }
    write(root, "2027.1", card=card)
    text = as_clinician.get(reverse("inference:release", args=["2027.1"])).content.decode()
    for words in (
        "Bias of the corner",
        "-1.25",
        "Measures",
        "Leak hunt",
        "tried face masked, showed chance",
        "0.51 (0.4 to 0.6)",
        "Children: no child",
        "Skin tone",
        "of 7 people",
        "Mouth ratio",
        "Score, movement, brow",
        "0.08",
        "Smallest detectable",
    ):
        assert words in text, words


def test_a_result_leads_to_the_release_that_made_it(as_clinician, photo):
    factories.AnalysisFactory(photo=photo, release="2025.1", data=factories.findings(grade=2))
    factories.AnalysisFactory(photo=photo, release="2026.1")
    text = as_clinician.get(reverse("visits:photo", args=[photo.pk])).content.decode()
    assert reverse("inference:release", args=["2026.1"]) in text
