"""A release that is missing, altered or of another kind is refused by name; nothing stands in for it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from inference.pipeline import Analyser
from inference.pipeline.classify import Classifier
from inference.pipeline.codes import VIEWS
from inference.pipeline.errors import ModelAltered, ModelMissing, PipelineError
from inference.pipeline.release import ARTIFACTS_DIR, active_folder, sha256_of, verify_release


@pytest.fixture
def root(tmp_path):
    """A copy of the release in use."""
    folder = active_folder()
    shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / "ACTIVE").write_text(folder.name + "\n")
    return tmp_path


def change(root, **values):
    file = active_folder(root) / "release.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_the_release_in_the_house_is_whole():
    release = verify_release()
    assert release.name == (ARTIFACTS_DIR / "ACTIVE").read_text().strip()
    assert set(release.files) == {"network.tflite", "judgement.tflite", "locator.tflite", "refinement.npz"}
    assert release.exercises == VIEWS


@pytest.mark.parametrize("name", sorted(folder.name for folder in ARTIFACTS_DIR.iterdir() if folder.is_dir()))
def test_every_release_in_the_house_can_still_judge(name):
    release = verify_release(name=name)
    seen = Classifier(release).see(
        np.zeros((160, 160, 3), np.uint8), np.random.default_rng(0).random((478, 3)) * 99
    )
    assert np.isfinite(seen).all()


def test_each_model_is_small_enough_to_ship():
    release = verify_release()
    assert all(release.path(file).stat().st_size <= 12 * 2**20 for file in release.files)


def test_no_release_is_active(tmp_path):
    with pytest.raises(ModelMissing):
        verify_release(tmp_path)


@pytest.mark.parametrize("name", ["", "2000.1.1", "../elsewhere"])
def test_the_active_release_has_no_folder(root, name):
    (root / "ACTIVE").write_text(name)
    with pytest.raises(ModelMissing):
        verify_release(root)


@pytest.mark.parametrize(
    "file", ["network.tflite", "locator.tflite", "refinement.npz", "release.json", "card.json"]
)
def test_a_file_is_missing(root, file):
    (active_folder(root) / file).unlink()
    with pytest.raises(ModelMissing):
        Analyser(root)


def test_a_model_is_altered_by_one_byte(root):
    file = active_folder(root) / "network.tflite"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelAltered, match=r"network\.tflite"):
        Analyser(root)


@pytest.mark.parametrize("values", [{"exercises": ["frown"]}, {"preprocessing": 99}, {"files": None}])
def test_a_release_of_another_kind_is_refused(root, values):
    change(root, **values)
    with pytest.raises(ModelAltered):
        Analyser(root)


def test_a_damaged_description_is_refused(root):
    (active_folder(root) / "release.json").write_text("{")
    with pytest.raises(ModelAltered):
        Analyser(root)


def test_a_file_that_is_no_model_fails_even_with_its_checksum(root):
    file = active_folder(root) / "network.tflite"
    file.write_bytes(b"no model at all")
    files = {**verify_release().files, "network.tflite": sha256_of(file)}
    change(root, files=files)
    with pytest.raises(PipelineError) as caught:
        Analyser(root)
    assert caught.value.code == "classification_failed"


def test_a_swapped_pair_of_models_fails(root):
    """Both have six outputs; their input sizes may agree too, so the checksum has to tell."""
    folder = active_folder(root)
    (folder / "network.tflite").write_bytes((folder / "refinement.npz").read_bytes())
    with pytest.raises(ModelAltered):
        Analyser(root)
