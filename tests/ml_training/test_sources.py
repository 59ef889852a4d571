"""Raw material that is missing says where anyone can get it."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import pytest

import ml_training
from ml_training import sources


@pytest.mark.parametrize(
    ("find", "told"),
    [
        (sources.face_folder, "github.com/ICT-VGL/ICT-FaceKit"),
        (sources.portrait_files, "github.com/SelfishGene/SFHQ-dataset"),
        (sources.weights_file, "weights='imagenet'"),
        (lambda path: sources.config(path, sources.SourceMissing, {}), "ml_training/configs"),
    ],
)
def test_what_is_missing_says_where_to_get_it(find, told, tmp_path):
    with pytest.raises(sources.SourceMissing, match=told.replace(".", r"\.")):
        find(tmp_path / "none")


@pytest.mark.parametrize("module", ["train", "train_locator"])
def test_a_training_without_its_config_says_so_in_a_sentence(module, tmp_path, monkeypatch):
    command = importlib.import_module(f"ml_training.{module}")
    monkeypatch.setattr(sys, "argv", [module, str(tmp_path / "none.json")])
    with pytest.raises(SystemExit, match="No config at"):
        command.main()


def test_an_evaluation_without_pictures_says_so_in_a_sentence(tmp_path):
    from ml_training.evaluate import report

    with pytest.raises(SystemExit, match="No pictures in"):
        report.load([tmp_path / "none"])


def test_a_command_without_the_libraries_names_the_set_up(monkeypatch):
    assert ml_training.missing() is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "keras" else object())
    monkeypatch.setattr(sys, "argv", ["-m", "--data", "somewhere"])
    with pytest.raises(SystemExit, match=r"needs keras: run `make train-setup`"):
        importlib.reload(ml_training)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    importlib.reload(ml_training)


def test_a_person_of_fewer_than_six_portraits_is_refused():
    import numpy as np

    from ml_training.compose import LARGEST_SHARE, shares

    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 6"):
        shares(5, rng)
    for count in (6, 7, 9):
        weight = shares(count, rng)
        assert weight.sum() == pytest.approx(1)
        assert weight.max() <= LARGEST_SHARE


def test_the_face_model_is_packed_from_its_meshes(tmp_path):
    import numpy as np

    from ml_training.pack_face import pack

    folder = tmp_path / "FaceXModel"
    folder.mkdir()
    square = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n{}usemtl M_Face\nf 1/1 2/2 3/3 4/4\n"
    (folder / "generic_neutral_mesh.obj").write_text(square.format("vt 0 0\n"))
    (folder / "identity000.obj").write_text(square.format("").replace("v 1 1 0", "v 1 2 0"))
    (folder / "jawOpen.obj").write_text(square.format("").replace("v 0 0 0", "v 0 -1 0"))
    (folder / "vertex_indices.json").write_text('{"idx_to_landmark_verts": [0]}')
    pack(folder, tmp_path / "out")
    with np.load(tmp_path / "out" / "ict_face.npz") as packed:
        assert packed["faces"].tolist() == [[0, 1, 2], [0, 2, 3]]
        assert packed["expression_names"].tolist() == ["jawOpen"]
        assert packed["identity"][0, 2].tolist() == [0, 1, 0]
        assert packed["expression"][0, 0].tolist() == [0, -1, 0]
    assert sources.face_folder(tmp_path / "out")
