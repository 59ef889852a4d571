"""The dates that photos carry: offered as the visit's, refused with a reason, corrected by hand."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import ExifTags

from clinic.rights.changes import changes as changes_of
from clinic.visits import selectors, services, services_filing
from clinic.visits.models import Photo, TakenFrom, Visit
from clinic.visits.photo_dates import photo_dates

from .. import factories
from . import pictures
from .pictures import encoded, picture
from .test_moving import undo

ZONE = zoneinfo.ZoneInfo("Asia/Jakarta")
NOW = timezone.now()


@pytest.fixture
def visit(clinic, clinician):
    """A visit of today; the illness began half a year ago, the patient was born in 1979."""
    patient = factories.PatientFactory(clinic=clinic, birth_date=dt.date(1979, 5, 17))
    onset = (NOW - dt.timedelta(days=180)).date()
    episode = factories.EpisodeFactory(patient=patient, onset_date=onset)
    return factories.VisitFactory(episode=episode, clinician=clinician, at=NOW - dt.timedelta(minutes=1))


def dated(moment: dt.datetime | str, shade: int = 0) -> SimpleUploadedFile:
    """A photo whose camera wrote that date, in the clinic's zone."""
    exif = pictures.telltale_exif()
    said = moment if isinstance(moment, str) else moment.astimezone(ZONE).strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = said
    return SimpleUploadedFile("photo.jpg", encoded(image=picture(shade=shade), exif=exif), "image/jpeg")


def store(visit, file, exercise="rest", **fields):
    return services.store_photo(user=visit.clinician, visit=visit, upload=file, exercise=exercise, **fields)


def told(visit):
    return photo_dates(visit=visit, cards=selectors.photos_of_visit(visit=visit))


def page_of(client, visit):
    return client.get(reverse("visits:detail", args=[visit.pk])).content.decode()


def long_ago(days: int) -> dt.datetime:
    return (NOW - dt.timedelta(days=days)).replace(second=0, microsecond=0)


def test_the_date_of_old_photos_is_offered_and_not_taken_in_silence(as_clinician, visit):
    then = long_ago(60)
    store(visit, dated(then + dt.timedelta(minutes=3)))
    store(visit, dated(then, 1), "pucker")
    at = visit.at
    visit.refresh_from_db()
    assert visit.at == at
    [offer] = told(visit).offers
    assert (offer.moment, offer.all_of_them, offer.problem) == (then, True, "")
    page = page_of(as_clinician, visit)
    [form] = (one for one in re.findall(r"<form.*?</form>", page, re.S) if "Date the visit" in one)
    fields = dict(re.findall(r'name="(at|version)" value="([^"]*)"', form))
    answer = as_clinician.post(reverse("visits:edit", args=[visit.pk]), fields, follow=True)
    visit.refresh_from_db()
    assert visit.at == then
    assert "Date the visit" not in answer.content.decode()
    assert visit.patient.summary.last_visit_at == then, "lists and charts follow"
    undo(as_clinician, answer)
    visit.refresh_from_db()
    assert abs(visit.at - at) < dt.timedelta(minutes=1)


def test_the_offer_can_be_turned_down(as_clinician, visit):
    store(visit, dated(long_ago(60)))
    [offer] = told(visit).offers
    keep = {"suggestion": "date", "value": offer.value}
    as_clinician.post(reverse("visits:keep", args=[visit.pk]), keep)
    assert told(visit).offers == ()
    assert "Date the visit" not in page_of(as_clinician, visit)


def test_photos_of_that_day_and_photos_without_a_date_offer_nothing(visit):
    store(visit, dated(visit.at))
    file = SimpleUploadedFile("photo.jpg", encoded(image=picture(shade=3)), "image/jpeg")
    assert store(visit, file, "pucker").taken_from == TakenFrom.VISIT
    assert told(visit).offers == ()


def test_photos_of_several_days_offer_each(visit):
    for n, days in enumerate((60, 60, 30)):
        store(visit, dated(long_ago(days), n), ("rest", "pucker", "sneer")[n])
    assert [(len(one.photos), one.all_of_them) for one in told(visit).offers] == [(2, False), (1, False)]


def test_a_date_before_the_illness_is_not_offered_and_says_why(as_clinician, visit):
    store(visit, dated(long_ago(900)))
    [offer] = told(visit).offers
    assert "before the onset" in offer.problem
    page = page_of(as_clinician, visit)
    assert "The visit can't be dated so" in page and "Date the visit" not in page


@pytest.mark.parametrize(
    "said", ["1975:06:01 10:00:00", "2000:01:01 00:00:00", "2098:01:01 10:00:00", "1970:01:01 00:00:00"]
)
def test_a_date_that_can_t_be_is_not_believed_and_the_page_says_so(as_clinician, visit, said):
    """Before birth, of a clock that was never set, in the future."""
    photo = store(visit, dated(said))
    assert photo.taken_from == TakenFrom.REFUSED
    assert abs(photo.taken_at - timezone.now()) < dt.timedelta(minutes=5)
    assert "carries a date that can't be true" in page_of(as_clinician, visit)
    services_filing.change_taken_at(user=visit.clinician, photo=photo, taken_at=visit.at)
    assert told(visit).refused == ()


def test_a_date_before_birth_of_a_child_is_not_believed(visit):
    patient = visit.patient
    patient.birth_date = long_ago(300).date()
    patient.save()
    assert store(visit, dated(long_ago(400))).taken_from == TakenFrom.REFUSED


def test_a_visit_of_that_day_is_named_instead(as_clinician, visit):
    other = factories.VisitFactory(episode=visit.episode, clinician=visit.clinician, at=long_ago(60))
    store(visit, dated(other.at + dt.timedelta(minutes=5)))
    [offer] = told(visit).offers
    assert offer.other == other
    page = page_of(as_clinician, visit)
    assert "The patient has a visit on that day" in page and "Date the visit" not in page


def test_photos_that_only_had_the_visit_s_date_go_with_it(visit):
    file = SimpleUploadedFile("photo.jpg", encoded(image=picture(shade=3)), "image/jpeg")
    without, own = store(visit, file), store(visit, dated(long_ago(60), 4), "pucker")
    given = store(visit, dated(long_ago(60), 90), "sneer", taken_at=long_ago(10))
    services.update_visit(user=visit.clinician, visit=visit, at=long_ago(60))
    moments = {photo.pk: photo.taken_at for photo in Photo.objects.all()}
    assert moments == {without.pk: long_ago(60), own.pk: long_ago(60), given.pk: long_ago(10)}


# --- by hand ---


def correct(client, photo, moment, version=None):
    said = moment if isinstance(moment, str) else moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    fields = {"taken_at": said, "version": str(version or photo.version)}
    return client.post(reverse("visits:photo_taken", args=[photo.pk]), fields, follow=True)


def test_when_a_photo_was_taken_is_corrected_by_hand_and_logged(as_clinician, visit):
    photo, then = store(visit, dated(long_ago(2))), long_ago(40)
    answer = correct(as_clinician, photo, then)
    assert answer.status_code == 200 and "Date and time of the photo changed" in answer.content.decode()
    photo.refresh_from_db()
    assert (photo.taken_at, photo.taken_from, photo.version) == (then, TakenFrom.GIVEN, 2)
    assert "entered by a person" in answer.content.decode()
    changes = [one for one in changes_of(patient=visit.patient) if one.action == "changed"]
    assert [(one.field, one.after) for one in changes] == [("Taken at", then)]


def test_the_course_follows_a_corrected_date(visit):
    first = store(visit, dated(long_ago(2)), "pucker")
    second = store(visit, dated(long_ago(1), 1), "pucker")
    strip = [card.photo for card in selectors.same_exercise(photo=first)]
    assert strip == [first, second]
    services_filing.change_taken_at(user=visit.clinician, photo=first, taken_at=visit.at)
    assert [card.photo for card in selectors.same_exercise(photo=first)] == [second, first]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("2098-01-01T10:00", "from the future"),
        ("1975-06-01T10:00", "before the patient&#x27;s birth"),
        ("yesterday", "valid date"),
    ],
)
def test_a_strange_date_is_refused_with_its_reason(as_clinician, visit, said, why):
    photo = store(visit, dated(long_ago(2)))
    answer = correct(as_clinician, photo, said)
    assert answer.status_code == 422 and why in answer.content.decode()
    photo.refresh_from_db()
    assert photo.taken_at == long_ago(2)


def test_two_who_correct_it_at_once_see_both(as_clinician, visit):
    photo = store(visit, dated(long_ago(2)))
    services_filing.change_taken_at(
        user=factories.member(visit.patient.clinic), photo=Photo.objects.get(), taken_at=long_ago(5)
    )
    answer = correct(as_clinician, photo, long_ago(9), version=1)
    assert answer.status_code == 422 and "saved something else here meanwhile" in answer.content.decode()
    photo.refresh_from_db()
    assert photo.taken_at == long_ago(5)


def test_a_photo_of_an_archived_patient_keeps_its_date(visit):
    photo = store(visit, dated(long_ago(2)))
    patient = Visit.objects.get(pk=visit.pk).patient
    patient.archived_at = NOW
    patient.save()
    with pytest.raises(ValidationError):
        services_filing.change_taken_at(user=visit.clinician, photo=Photo.objects.get(), taken_at=NOW)
    assert photo.taken_from == TakenFrom.FILE
