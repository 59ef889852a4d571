"""What leaves for training: confirmed photos of those who agreed, and nothing that tells who they are."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from clinic.audit.models import Access, ReadEvent
from clinic.patients import services as patients
from clinic.visits import consenting, training_set
from clinic.visits.models import VisitConfirmation
from tests import factories

pytestmark = pytest.mark.django_db
NAME = "Zebulonia Quetzalcoatl"


def jpeg_that_tells() -> bytes:
    """A JPEG with a name in its EXIF and its comment."""
    from io import BytesIO

    out, image = BytesIO(), Image.new("RGB", (640, 800), (180, 140, 120))
    exif = Image.Exif()
    exif[0x010E], exif[0x0132] = NAME, "2026:11:02 09:30:00"
    image.save(out, "JPEG", exif=exif, comment=NAME.encode())
    return out.getvalue()


def photo_of(patient, said=True, **word):  # type: ignore[no-untyped-def]
    """A photo of the patient in their seventh week, with a clinician's word on it, or without."""
    episode = patient.episodes.first() or factories.EpisodeFactory(patient=patient)
    onset = dt.datetime.combine(episode.onset_date, dt.time(3), dt.UTC)
    visit = factories.VisitFactory(episode=episode, at=onset + dt.timedelta(days=45))
    photo = factories.PhotoFactory(
        visit=visit,
        exercise="sneer",
        side="left",
        image=ContentFile(jpeg_that_tells(), "x.jpg"),
        width=640,
        height=800,
    )
    analysis = factories.AnalysisFactory(photo=photo)
    if said:
        factories.ConfirmationFactory(analysis=analysis, **{"exercise": "sneer", "comment": NAME, **word})
    return photo


def willing(clinic, **fields):  # type: ignore[no-untyped-def]
    patient = factories.PatientFactory(clinic=clinic, name=NAME, record_number=f"ZQ-{len(fields)}", **fields)
    factories.ConsentFactory(patient=patient, use="model_training")
    return patient


def run(clinic, user, folder: Path) -> str:  # type: ignore[no-untyped-def]
    out = StringIO()
    call_command("export_training_set", clinic=clinic.pk, by=user.email, out=folder, stdout=out)
    return out.getvalue()


def labels(folder: Path) -> list[dict]:  # type: ignore[type-arg]
    people = [json.loads(file.read_text()) for file in folder.glob("people/*/labels.json")]
    return [row | {"split": person["split"]} for person in people for row in person["photos"]]


def test_only_confirmed_photos_of_those_who_consent_leave(clinic, administrator, tmp_path):
    agreed, silent, teaching = (factories.PatientFactory(clinic=clinic) for _ in range(3))
    factories.ConsentFactory(patient=agreed, use="model_training")
    factories.ConsentFactory(patient=teaching, use="teaching")
    kept = photo_of(agreed)
    for patient in (silent, teaching):
        photo_of(patient)
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=kept.visit))
    archived = photo_of(agreed)
    archived.archived_at = timezone.now()
    archived.save()
    said = run(clinic, administrator, tmp_path / "out")
    assert "Confirmed photos: 1; people: 1." in said
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["people"], manifest["photos"]) == (1, 1)
    assert list(ReadEvent.objects.values_list("patient", "photo", "kind", "user")) == [
        (agreed.pk, kept.pk, Access.EXPORT, administrator.pk)
    ]


def test_those_who_took_it_back_or_were_archived_stay(clinic, administrator, tmp_path):
    back, archived = (willing(clinic, sex=sex) if sex else willing(clinic) for sex in ("", "female"))
    for patient in (back, archived):
        photo_of(patient)
    consenting.revoke_consent(user=administrator, consent=back.consents.get())
    patients.archive_patient(user=administrator, patient=archived)
    run(clinic, administrator, tmp_path / "out")
    assert labels(tmp_path / "out") == []
    assert not ReadEvent.objects.exists()


def test_a_consent_taken_back_while_the_export_runs_counts(clinic, administrator, tmp_path):
    patient, other = willing(clinic), factories.PatientFactory(clinic=clinic)
    factories.ConsentFactory(patient=other, use="model_training")
    photo_of(patient)
    photo_of(other)

    def revoke(done: int, total: int) -> None:
        if done == total:
            consenting.revoke_consent(user=administrator, consent=patient.consents.get())

    manifest = training_set.export(user=administrator, clinic=clinic, folder=tmp_path / "out", report=revoke)
    assert manifest["people"] == len(list((tmp_path / "out").glob("people/*"))) == 1
    assert manifest["left_out"] == {"consent taken back during the export": 1}


def test_nothing_tells_who_they_are(clinic, administrator, tmp_path):
    patient = willing(clinic)
    photo = photo_of(patient)
    run(clinic, administrator, tmp_path / "out")
    private = [
        NAME, NAME.split()[0], "ZQ-", str(patient.pk), patient.pk.hex, str(photo.pk), str(photo.visit_id), clinic.name,
        str(clinic.pk), patient.birth_date.isoformat(), Path(photo.image.name).stem, photo.sha256,
        photo.visit.at.date().isoformat(), photo.visit.episode.onset_date.isoformat(), administrator.email,
    ]  # fmt: skip
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        content = path.read_bytes()
        for text in private:
            assert text.encode() not in content, (path.name, text)
            assert text not in str(path.relative_to(tmp_path))
        assert path.stat().st_mode & 0o077 == 0
    [picture] = (path for path in files if path.suffix == ".jpg")
    with Image.open(picture) as image:
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_the_labels_are_the_clinicians(clinic, administrator, tmp_path):
    photo = photo_of(willing(clinic), weak_side="right", grade=5)
    factories.ConfirmationFactory(
        analysis=photo.analyses.get(), photo=photo, exercise="sneer", weak_side="right", grade=4
    )
    run(clinic, administrator, tmp_path / "out")
    [row] = labels(tmp_path / "out")
    assert (row["exercise"], row["side"], row["palsy"], row["weak_side"], row["grade"], row["week"]) == (
        "sneer", "left", True, "right", 4, 6,
    )  # fmt: skip


def test_two_exports_share_no_name_but_the_same_split(clinic, administrator, tmp_path):
    patient = willing(clinic)
    photo_of(patient)
    for name in ("a", "b"):
        run(clinic, administrator, tmp_path / name)
    names = [{path.name for path in (tmp_path / name / "people").rglob("*")} for name in ("a", "b")]
    assert names[0] & names[1] == {"labels.json"}
    first, second = (labels(tmp_path / name)[0] for name in ("a", "b"))
    assert first["split"] == second["split"] == training_set.split_of(patient.pk)
    assert first["visit"] != second["visit"]


def test_a_photo_whose_file_is_lost_is_counted(clinic, administrator, tmp_path):
    photo = photo_of(willing(clinic))
    photo.image.storage.delete(photo.image.name)
    said = run(clinic, administrator, tmp_path / "out")
    assert "1 left out: file missing or damaged" in said
    assert not list((tmp_path / "out" / "people").iterdir())


def test_only_an_administrator_of_the_clinic_may(clinic, administrator, clinician, stranger, tmp_path):
    for user, sentence in ((clinician, "Only an administrator"), (stranger, "no such clinic")):
        with pytest.raises(CommandError, match=sentence):
            run(clinic, user, tmp_path / "out")
    with pytest.raises(CommandError, match="no such clinic"):
        run(factories.ClinicFactory(), administrator, tmp_path / "out")
    with pytest.raises(CommandError, match=f"--clinic {clinic.pk}  {clinic.name}"):
        call_command("export_training_set", by=administrator.email, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (lambda: Path(settings.STATIC_ROOT) / "set", "web server"),
        (lambda: Path(settings.STATICFILES_DIRS[0]), "web server"),
        (lambda: Path(settings.STORAGES["photos"]["OPTIONS"]["location"]) / "set", "store"),
        (lambda: settings.BASE_DIR / "docs" / "set", "part of the program"),
    ],
)
def test_a_folder_where_photos_must_not_lie_is_refused(place, sentence):
    with pytest.raises(ValidationError, match=sentence):
        training_set.check_folder(place())


def test_a_folder_that_holds_something_is_refused(clinic, administrator, tmp_path):
    (tmp_path / "old.txt").write_text("x")
    with pytest.raises(CommandError, match="not empty"):
        run(clinic, administrator, tmp_path)
    (tmp_path / "way").symlink_to(settings.BASE_DIR / "static")
    with pytest.raises(CommandError, match="web server"):
        run(clinic, administrator, tmp_path / "way" / "set")


def test_an_export_that_breaks_off_leaves_no_picture(clinic, administrator, tmp_path):
    photo_of(willing(clinic))

    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        training_set.export(user=administrator, clinic=clinic, folder=tmp_path / "out", report=full)
    assert list((tmp_path / "out").iterdir()) == []


def test_the_log_names_the_export(clinic, administrator, tmp_path):
    from clinic.rights.templatetags.log import page_name

    photo_of(willing(clinic))
    run(clinic, administrator, tmp_path / "out")
    name = json.loads((tmp_path / "out" / "manifest.json").read_text())["export"]
    assert page_name(ReadEvent.objects.get().page) == f"Training set {name}"


def test_the_grade_is_the_visit_s(clinic, administrator, tmp_path):
    """A photo's own grade counts only where nobody ever graded its visit."""
    photo = photo_of(willing(clinic), weak_side="right", grade=5)
    by = photo.visit.clinician
    for word in (
        {"palsy": True, "weak_side": "right", "grade": 2},
        {"palsy": True, "weak_side": "right", "grade": 3},
    ):
        VisitConfirmation.objects.create(visit=photo.visit, by=by, **word)
    run(clinic, administrator, tmp_path / "out")
    [row] = labels(tmp_path / "out")
    assert (row["palsy"], row["weak_side"], row["grade"]) == (True, "right", 3)
    VisitConfirmation.objects.create(visit=photo.visit, by=by)
    run(clinic, administrator, tmp_path / "again")
    assert labels(tmp_path / "again")[0]["grade"] is None, "the visit's grade was taken back"


def test_a_visit_s_word_confirms_its_photos(clinic, administrator, tmp_path):
    kept = photo_of(willing(clinic), said=False)
    VisitConfirmation.objects.create(
        visit=kept.visit, by=kept.visit.clinician, palsy=True, weak_side="left", grade=4
    )
    factories.PhotoFactory(visit=kept.visit)
    said = run(clinic, administrator, tmp_path / "out")
    [row] = labels(tmp_path / "out")
    assert "Confirmed photos: 1" in said
    assert (row["exercise"], row["weak_side"], row["grade"]) == ("sneer", "left", 4)


def test_points_that_a_clinician_put_right_go_along(clinic, administrator, tmp_path):
    patient = willing(clinic)
    photo = photo_of(patient)
    photo_of(patient)
    corrected = photo.analyses.get()
    factories.LandmarkCorrectionFactory(analysis=corrected, points={"386": [0.5, 0.5]})
    factories.LandmarkCorrectionFactory(analysis=corrected, number=2, points={"374": [0.6, 0.41]})
    run(clinic, administrator, tmp_path / "out")
    [row] = [row for row in labels(tmp_path / "out") if "points" in row]
    assert set(row["points"]) == {"374"}, "the newest holds"
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["photos_with_points"] == 1
    [file] = (tmp_path / "out").glob(f"people/*/{row['file']}")
    with Image.open(file) as picture:
        x, y = (share * side for share, side in zip(row["points"]["374"], picture.size, strict=True))
    # The picture is a part of the photo, in its own scale: the point lies on the same place of the face.
    across, down = zip(*factories.landmarks(), strict=True)
    half = max((max(across) - min(across)) * 640, (max(down) - min(down)) * 800)
    left = max(0, round((max(across) + min(across)) / 2 * 640 - half))
    top = max(0, round((max(down) + min(down)) / 2 * 800 - half))
    assert (x + left, y + top) == pytest.approx((0.6 * 640, 0.41 * 800), abs=1)


def test_who_took_the_consent_back_takes_the_points_along(clinic, administrator, tmp_path):
    teaching = factories.PatientFactory(clinic=clinic)
    factories.ConsentFactory(patient=teaching, use="teaching")
    factories.LandmarkCorrectionFactory(analysis=photo_of(teaching).analyses.get())
    run(clinic, administrator, tmp_path / "out")
    assert labels(tmp_path / "out") == []
