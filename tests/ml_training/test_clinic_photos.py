"""From the clinic's record to a data set: the round trip of confirmed photographs of people who don't exist."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from inference.pipeline.align import crop_face
from inference.pipeline.codes import VIEWS
from inference.pipeline.decode import decode
from ml_training import clinic_photos, datasets
from tests import factories
from tests.pipeline.conftest import PEOPLE, mesh  # noqa: F401  a fixture

SIZE = 64
NAME = "Zebulonia Quetzalcoatl"


def store(visit, mesh, file: str, **word):  # type: ignore[no-untyped-def]  # noqa: F811
    """A confirmed photo of the visit with the landmarks that an analysis would have kept."""
    content = (PEOPLE / file).read_bytes()
    image = decode(content)
    [points] = mesh.find(image)
    height, width = image.shape[:2]
    photo = factories.PhotoFactory(
        visit=visit,
        image=ContentFile(content, "x.jpg"),
        exercise=word["exercise"],
        width=width,
        height=height,
    )
    analysis = factories.AnalysisFactory(photo=photo, landmarks=(points[:, :2] / [width, height]).tolist())
    factories.ConfirmationFactory(analysis=analysis, comment=NAME, **word)


@pytest.fixture
def exported(clinic, administrator, mesh, tmp_path) -> Path:  # type: ignore[no-untyped-def]  # noqa: F811
    """An export of two people who consented; a third did not."""
    visits = []
    for use in ("model_training", "model_training", "teaching"):
        patient = factories.PatientFactory(clinic=clinic, name=NAME)
        factories.ConsentFactory(patient=patient, use=use)
        visits.append(factories.VisitFactory(episode=factories.EpisodeFactory(patient=patient)))
    store(visits[0], mesh, "t1-left-palsy-show-teeth.jpg", exercise="show_teeth", weak_side="left", grade=4)
    store(visits[0], mesh, "t1-left-palsy-smile.jpg", exercise="smile", weak_side="left", grade=None)
    store(visits[1], mesh, "t2.jpg", exercise="smile", palsy=False, weak_side="", grade=None)
    store(visits[2], mesh, "t1.jpg", exercise="rest", palsy=False, weak_side="", grade=None)
    call_command("export_training_set", clinic=clinic.pk, by=administrator.email, out=tmp_path / "export")
    return tmp_path / "export"


@pytest.mark.django_db
def test_the_round_trip(exported, mesh, tmp_path):  # type: ignore[no-untyped-def]  # noqa: F811
    manifest = clinic_photos.make(exported, tmp_path / "set", SIZE, quiet=True)
    assert (manifest["pictures"], sum(manifest["people"].values())) == (2, 2)
    assert manifest["left_out"] == {"palsy without a grade": 1}
    pictures = datasets.load([tmp_path / "set"])
    assert pictures.crops.shape == (2, SIZE, SIZE, 3)
    weak, healthy = (int(np.flatnonzero(pictures.weak == state)[0]) for state in (True, False))
    assert VIEWS[pictures.view[weak]] == "show_teeth"
    assert (pictures.grade[weak], pictures.side[weak], pictures.done_side[weak]) == (4, 0, -1)
    assert (pictures.view[healthy], pictures.grade[healthy], pictures.side[healthy]) == (-1, 1, -1)
    assert np.isnan(pictures.zones).all()
    assert np.isnan(pictures.truth).all()
    assert np.isfinite(pictures.condition("yaw_deg")).all()
    assert set(pictures.source) == {"clinic"}
    original = decode(PEOPLE / "t1-left-palsy-show-teeth.jpg")
    served = crop_face(original, mesh.find(original)[0], SIZE).astype(float)
    assert np.abs(pictures.crops[weak] - served).mean() < 6
    for path in (tmp_path / "set").iterdir():
        assert NAME.encode() not in path.read_bytes()


@pytest.mark.django_db
def test_simulated_and_clinical_pictures_are_loaded_together(exported, tmp_path):  # type: ignore[no-untyped-def]
    clinic_photos.make(exported, tmp_path / "set", SIZE, quiet=True)
    with np.load(tmp_path / "set" / "part-000.npz") as part:
        fields = {name: part[name] for name in part.files}
    fields["person"] = np.array(["simulated-1", "simulated-1"])
    fields["split"] = np.array(["train", "train"])
    (tmp_path / "simulated").mkdir()
    datasets.write_shard(tmp_path / "simulated" / "part-000.npz", fields)
    assert len(datasets.load([tmp_path / "simulated", tmp_path / "set"])) == 4


def test_a_photo_that_serving_would_refuse_stays_out(tmp_path):  # type: ignore[no-untyped-def]
    folder = tmp_path / "export" / "people" / "a"
    folder.mkdir(parents=True)
    (folder / "x.jpg").write_bytes(factories.jpeg(300, 300))
    row = {
        "file": "x.jpg",
        "visit": "v",
        "exercise": "rest",
        "side": "",
        "palsy": False,
        "weak_side": "",
        "grade": 1,
    }
    (folder / "labels.json").write_text(json.dumps({"split": "train", "photos": [row]}))
    said = {
        "form": clinic_photos.FORM, "version": 1, "export": "e", "photos": 1, "consent_checked": {},
        "splits": {"train": {}, "val": {}, "test": {}},
    }  # fmt: skip
    (tmp_path / "export" / "manifest.json").write_text(json.dumps(said))
    manifest = clinic_photos.make(tmp_path / "export", tmp_path / "set", SIZE, quiet=True)
    assert (manifest["pictures"], manifest["left_out"]) == (0, {"no_face": 1})


def test_a_folder_that_is_no_export_is_refused(tmp_path):  # type: ignore[no-untyped-def]
    with pytest.raises(clinic_photos.NotAnExport, match="export_training_set"):
        clinic_photos.make(tmp_path, tmp_path / "set", SIZE)
