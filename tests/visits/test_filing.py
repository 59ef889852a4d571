"""Photos that nobody filed: one assignment of all of them is proposed by what they show, and taken, changed or left."""

from __future__ import annotations

import datetime as dt
import random
import re

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from clinic.common.versions import Basis
from clinic.visits import filing, names, selectors, services, services_filing
from clinic.visits.contradictions import contradictions
from clinic.visits.models import Dismissal, Photo
from clinic.visits.reviewing import visit_review
from clinic.visits.services_filing import Filing
from inference import references
from inference.finding import Finding, Verdict
from inference.pipeline.codes import VIEWS

from .. import factories
from .pictures import encoded, picture
from .test_moving import undo


def shows(visit, view, *, filed, minute=0, named=False, sure=0.9, **settings):
    """A photo that lies under one exercise and shows another."""
    photo = factories.PhotoFactory(
        visit=visit, exercise=filed, exercise_named=named, taken_at=visit.at + dt.timedelta(minutes=minute)
    )
    if settings.get("rejected"):
        factories.rejected(photo)
        return photo
    others = [other for other in VIEWS if other != view]
    data = factories.findings(exercise=view)
    data["exercise_probabilities"] = {view: sure} | dict.fromkeys(others, (1 - sure) / len(others))
    data["doubt"] = 3.0
    factories.AnalysisFactory(photo=photo, data=data)
    return photo


def dropped(visit, views):
    """Photos that show these views, filed in the order of the protocol."""
    return [shows(visit, view, filed=VIEWS[n], minute=n) for n, view in enumerate(views)]


def proposed(visit):
    return filing.proposal(visit=visit, cards=selectors.photos_of_visit(visit=visit))


def taken_as(found):
    return {one.card.photo.pk: one.step.exercise.code for one in found.filings}


def form_of(page):
    """What the proposal's form would send."""
    form = re.search(r'<form class="panel filing .*?</form>', page, re.S)[0]
    fields = dict(re.findall(r'<input type="hidden" name="(version-[^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', form, re.S):
        fields[name] = re.search(r'value="([^"]*)" selected', options)[1]
    return fields


def test_photos_in_any_order_find_their_exercises_rest_first(visit):
    views = list(VIEWS)
    random.Random(7).shuffle(views)
    photos = dropped(visit, views)
    found = proposed(visit)
    assert taken_as(found) == dict(zip([photo.pk for photo in photos], views, strict=True))
    assert found.filings[0].step.exercise.code == "rest"
    assert len(found.differing) == sum(view != VIEWS[n] for n, view in enumerate(views))


def test_each_exercise_is_proposed_once_beside_those_that_a_name_named(visit):
    """The network sees two smiles; one is on record already, and the unsure one fits beside it."""
    shows(visit, "smile_with_teeth", filed="smile_with_teeth", named=True)
    photo = shows(visit, "smile_with_teeth", filed="rest", sure=0.5)
    analysis = photo.analyses.get()
    analysis.findings["exercise_probabilities"]["closed_smile"] = 0.4
    analysis.save()
    assert taken_as(proposed(visit)) == {photo.pk: "closed_smile"}


def test_nothing_is_proposed_of_what_people_named_or_while_one_is_in_work(visit):
    shows(visit, "rest", filed="pucker", named=True)
    assert proposed(visit) is None
    shows(visit, "rest", filed="pucker")
    waiting = factories.AnalysisFactory(
        photo=factories.PhotoFactory(visit=visit, exercise="sneer", exercise_named=False), queued=True
    )
    assert proposed(visit) is None
    waiting.delete()
    assert proposed(visit) is None, "a photo without a result is waited for"


def test_a_photo_that_can_t_be_judged_stays_where_it_is(visit):
    bad = shows(visit, "", filed="rest", rejected=True)
    good = shows(visit, "rest", filed="brow_raise", minute=1)
    found = {one.card.photo.pk: one for one in proposed(visit).filings}
    assert (found[bad.pk].step.exercise.code, found[bad.pk].judged) == ("rest", False)
    assert found[good.pk].step.exercise.code == "rest"


@pytest.mark.parametrize("use", ["off", "shadow"])
def test_without_a_model_nothing_is_proposed(as_clinician, visit, use):
    dropped(visit, ["pucker", "rest"])
    clinic = visit.patient.clinic
    clinic.model_use = use
    clinic.save()
    visit.refresh_from_db()
    assert proposed(visit) is None
    page = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "filing-heading" not in page


def test_the_proposal_is_taken_from_the_page_and_taken_back(as_clinician, visit):
    views = ["pucker", "rest", "brow_raise"]
    photos = dropped(visit, views)
    page = reverse("visits:detail", args=[visit.pk])
    shown = as_clinician.get(page).content.decode()
    assert "3 photos belong elsewhere" in shown and "the model sees" not in shown
    address = reverse("visits:file_together", args=[visit.pk])
    answer = as_clinician.post(address, form_of(shown), follow=True)
    assert list(Photo.objects.order_by("taken_at").values_list("exercise", "exercise_named")) == [
        (view, True) for view in views
    ]
    assert "filing-heading" not in answer.content.decode()
    answer = undo(as_clinician, answer)
    assert list(Photo.objects.order_by("taken_at").values_list("exercise", flat=True)) == list(VIEWS[:3])
    assert "3 photos belong elsewhere" in answer.content.decode(), "it is proposed again"
    assert photos[0].history.count() == 3


def test_a_changed_proposal_is_filed_as_changed_and_doubted_no_more(as_clinician, visit):
    first, _second = dropped(visit, ["pucker", "rest"])
    fields = form_of(as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode())
    fields[f"exercise-{first.pk}"] = "sneer:left"
    answer = as_clinician.post(reverse("visits:file_together", args=[visit.pk]), fields, follow=True)
    first.refresh_from_db()
    assert (first.exercise, first.side) == ("sneer", "left")
    assert "the model sees" not in answer.content.decode()


def test_leaving_them_is_a_word_too(as_clinician, visit):
    dropped(visit, ["pucker", "rest"])
    page = reverse("visits:detail", args=[visit.pk])
    fields = form_of(as_clinician.get(page).content.decode())
    as_clinician.post(reverse("visits:file_together", args=[visit.pk]), {**fields, "keep": "1"})
    assert list(Photo.objects.order_by("taken_at").values_list("exercise", "exercise_named")) == [
        ("rest", True),
        ("brow_raise", True),
    ]
    assert Dismissal.objects.exists()
    shown = as_clinician.get(page).content.decode()
    assert "filing-heading" not in shown and "the model sees" not in shown


def test_what_somebody_filed_meanwhile_stays(as_clinician, visit, clinician):
    first, _second = dropped(visit, ["pucker", "rest"])
    fields = form_of(as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode())
    other = factories.member(visit.patient.clinic)
    services_filing.change_exercise(user=other, photo=first, exercise="open_mouth")
    answer = as_clinician.post(reverse("visits:file_together", args=[visit.pk]), fields, follow=True)
    assert "meanwhile" in answer.content.decode()
    assert list(Photo.objects.order_by("taken_at").values_list("exercise", flat=True)) == [
        "open_mouth",
        "brow_raise",
    ], "all or none"


def test_a_photo_that_left_the_visit_meanwhile_is_refused(visit, clinician):
    photo = shows(visit, "rest", filed="pucker")
    Photo.objects.filter(pk=photo.pk).update(archived_at=timezone.now())
    with pytest.raises(ValidationError, match="changed meanwhile"):
        services_filing.file_together(
            user=clinician, visit=visit, filings=[Filing(photo, "rest", "", Basis(photo.version))]
        )


def test_what_nobody_filed_is_named_before_the_visit_is_signed(visit):
    dropped(visit, ["pucker", "rest", "gentle_eye_closure"])
    stated = Finding("", Verdict.WEAK, "left", 3)
    found = contradictions(visit_review(visit=visit).case(stated))
    assert "2 photos were filed by their place" in next(one.sentence for one in found if one.code == "filing")


def test_a_photo_that_lies_under_rest_by_its_place_is_nobody_s_reference(visit):
    photo = factories.PhotoFactory(visit=visit, exercise="pucker")
    rest = factories.PhotoFactory(visit=visit, exercise="rest", exercise_named=False)
    assert references.reference_of(photo=photo) is None
    services_filing.change_exercise(user=visit.clinician, photo=rest, exercise="rest")
    assert references.reference_of(photo=photo) == rest


# --- names ---


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("IMG_2041.JPG", ("", "")),
        ("Brown_01.jpg", ("", "")),
        ("restaurant.jpg", ("", "")),
        ("Siti at rest.heic", ("rest", "")),
        ("02-BrowRaise.png", ("brow_raise", "")),
        ("eyes gently closed.jpg", ("gentle_eye_closure", "")),
        ("mata_pejam_rapat.jpg", ("tight_eye_closure", "")),
        ("senyum lebar.jpg", ("smile_with_teeth", "")),
        ("smile closed.jpg", ("closed_smile", "")),
        ("smile.jpg", ("smile", "")),
        ("sneer kiri.jpg", ("sneer", "left")),
        ("left nose wrinkle.jpg", ("nose_wrinkle", "")),
    ],
)
def test_a_name_counts_by_whole_words(name, named):
    assert names.exercise_in(name) == named


def files(*called):
    return [
        SimpleUploadedFile(name, encoded(image=picture(shade=n)), "image/jpeg")
        for n, name in enumerate(called)
    ]


def test_the_plain_form_heeds_names_and_leaves_the_others_to_be_proposed(as_clinician, visit):
    sent = {"photos": files("a.jpg", "rest.jpg", "b.jpg", "sneer right.jpg"), "exercise": ""}
    as_clinician.post(reverse("visits:upload", args=[visit.pk]), sent)
    found = Photo.objects.order_by("created_at").values_list("exercise", "side", "exercise_named")
    assert list(found) == [
        ("rest", "", False),
        ("rest", "", True),
        ("brow_raise", "", False),
        ("sneer", "right", True),
    ]


def test_an_exercise_that_is_chosen_is_named(as_clinician, visit):
    [file] = files("a.jpg")
    as_clinician.post(reverse("visits:upload", args=[visit.pk]), {"photos": [file], "exercise": "pucker"})
    assert Photo.objects.get().exercise_named


def test_confirming_what_a_photo_shows_files_it_there(visit, clinician):
    photo = shows(visit, "pucker", filed="pucker")
    services.confirm(
        user=clinician, analysis=photo.analyses.get(), palsy=True, weak_side="left", exercise="pucker"
    )
    photo.refresh_from_db()
    assert photo.exercise_named


def filed(visit):
    return list(visit.photos.order_by("created_at").values_list("exercise", "side"))


def test_several_photos_are_filed_under_one_exercise_and_taken_back(as_clinician, visit):
    photos = [factories.PhotoFactory(visit=visit, exercise=view) for view in ("rest", "smile", "pucker")]
    address = reverse("visits:file_together", args=[visit.pk])
    fields = {f"version-{photo.pk}": photo.version for photo in photos}
    chosen = {"photo": [photos[0].pk, photos[1].pk]}

    none = as_clinician.post(address, {**fields, **chosen, "exercise": ""}, follow=True)
    assert "Choose photos and the exercise" in none.content.decode()
    answer = as_clinician.post(address, {**fields, **chosen, "exercise": "sneer:left"}, follow=True)
    assert filed(visit) == [("sneer", "left"), ("sneer", "left"), ("pucker", "")]
    undo(as_clinician, answer)
    assert filed(visit) == [("rest", ""), ("smile", ""), ("pucker", "")]
    assert not Photo.objects.filter(exercise_named=False).exists(), "people had named them before"
