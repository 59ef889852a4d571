"""The pages as their readers get them: with much, little and no data, in each role, and from elsewhere."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from clinic.audit.models import Access, ReadEvent
from tests import factories
from tests.conftest import logged_in
from tests.visits.scenes import COMBINES, releases_in

from . import scenes

pytestmark = pytest.mark.django_db
PAGES = ("patients:detail", "recovery:compare", "recovery:csv", "recovery:data")


def rich(episode):  # type: ignore[no-untyped-def]
    scenes.measured(episode, 3, grade=4, release="2026.11.1")
    scenes.measured(episode, 24, grade=3, release="2027.2")
    factories.TreatmentFactory(episode=episode, date=scenes.on(2).date())


def one_visit(episode):  # type: ignore[no-untyped-def]
    scenes.measured(episode, 3)


def no_figures(episode):  # type: ignore[no-untyped-def]
    visit = scenes.visit(episode, 3)
    factories.AnalysisFactory(photo=scenes.photo(visit), queued=True)
    factories.rejected(scenes.photo(visit, "rest"))


def only_a_grade(episode):  # type: ignore[no-untyped-def]
    scenes.visit(episode, 3, grade=4)


def both_sides(episode):  # type: ignore[no-untyped-def]
    type(episode).objects.filter(pk=episode.pk).update(weak_side="both")
    rich(episode)


def no_palsy(episode):  # type: ignore[no-untyped-def]
    type(episode).objects.filter(pk=episode.pk).update(weak_side="")
    visit = scenes.visit(episode, 3, grade=1)
    scenes.analysed(visit, "smile", palsy=0.05, weak_side=None, grade=1)


def archived_patient(episode):  # type: ignore[no-untyped-def]
    rich(episode)
    type(episode.patient).objects.filter(pk=episode.patient_id).update(archived_at=scenes.on(40))


def other_exercises(episode):  # type: ignore[no-untyped-def]
    """An exercise that the protocol no longer knows, and a smile that was never taken."""
    analysis = scenes.analysed(scenes.visit(episode, 3), "open_mouth")
    type(analysis.photo).objects.filter(pk=analysis.photo_id).update(exercise="whistle")


def nothing(episode):  # type: ignore[no-untyped-def]
    """An episode without a visit."""


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "scene",
    [
        *(rich, one_visit, no_figures, only_a_grade, both_sides),
        *(no_palsy, archived_patient, other_exercises, nothing),
    ],
)
@pytest.mark.parametrize("who", ["clinician", "reviewer"])
def test_each_page_answers_whatever_there_is_to_show(request, patient, episode, page, scene, who):
    scene(episode)
    client = logged_in(request.getfixturevalue(who))

    assert client.get(reverse(page, args=[patient.pk])).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_patient_without_an_episode_has_the_pages_too(as_clinician, patient, page):
    assert as_clinician.get(reverse(page, args=[patient.pk])).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_strangers_find_nothing_and_machines_may_not_look(as_stranger, integration, patient, episode, page):
    address = reverse(page, args=[patient.pk])

    assert as_stranger.get(address).status_code == 404
    assert logged_in(integration).get(address).status_code == 403
    assert not ReadEvent.objects.exists()


@pytest.mark.parametrize("page", PAGES)
def test_an_episode_of_another_patient_is_not_found(as_clinician, clinic, patient, episode, page):
    other = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
    address = reverse(page, args=[patient.pk])

    assert as_clinician.get(address, {"episode": str(other.pk)}).status_code == 404
    assert as_clinician.get(address, {"episode": "nonsense"}).status_code == 404


def test_nobody_sees_a_page_without_logging_in(client, patient, episode):
    for page in PAGES:
        assert client.get(reverse(page, args=[patient.pk])).status_code == 302


@pytest.mark.parametrize(("page", "most"), [("patients:detail", 28), ("recovery:compare", 36)])
def test_a_long_course_costs_no_more_queries(
    as_clinician, patient, episode, page, most, django_assert_max_num_queries
):
    for day in range(0, 60, 4):
        scenes.measured(episode, day)

    with django_assert_max_num_queries(most):
        as_clinician.get(reverse(page, args=[patient.pk]))


def test_reading_the_page_is_recorded_once(as_clinician, clinician, patient, episode):
    rich(episode)
    as_clinician.get(reverse("patients:detail", args=[patient.pk]))

    read = ReadEvent.objects.get()
    assert (read.user, read.patient, read.access, read.page) == (
        clinician,
        patient,
        Access.RECORD,
        "patients:detail",
    )


def test_without_scripts_the_table_holds_every_figure_and_leads_to_every_visit(
    as_clinician, patient, episode
):
    visits = [scenes.measured(episode, day, mouth=0.41 + day / 100, grade=4) for day in (3, 20)]

    page = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()

    table = page.split('id="recovery-table"')[1]
    assert [figure in table for figure in ("0.44", "0.61")] == [True, True]
    assert all(reverse("visits:detail", args=[visit.pk]) in table for visit in visits)
    assert "<script>" not in page and "style=" not in page


def test_preliminary_and_reviewed_are_told_apart_in_words(as_clinician, patient, episode, tmp_path, settings):
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)
    visit = scenes.visit(episode, 3)
    for exercise in ("rest", "brow_raise", "tight_eye_closure", "smile"):
        analysis = scenes.analysed(visit, exercise, grade=4, release=COMBINES)
    address = reverse("patients:detail", args=[patient.pk])

    before = as_clinician.get(address).content.decode()
    # A word on a photo is none on the visit, whose grade stays preliminary.
    factories.ConfirmationFactory(analysis=analysis)
    between = as_clinician.get(address).content.decode()
    factories.VisitConfirmationFactory(visit=visit)
    after = as_clinician.get(address).content.decode()

    for page in (before, between):
        assert "not yet reviewed" in page and is_cell("preliminary", page) and not is_cell("reviewed", page)
    assert "not yet reviewed" not in after
    assert not is_cell("preliminary", after) and is_cell("reviewed", after)


def is_cell(words: str, page: str) -> bool:
    return re.search(rf">\s*{words}\s*</span>", page) is not None


def test_the_charts_draw_what_the_address_for_data_tells(as_clinician, patient, episode):
    rich(episode)
    page = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()
    data = as_clinician.get(reverse("recovery:data", args=[patient.pk])).json()

    labels = re.findall(r'chart-point line-mouth[^>]*aria-label="([^"]+)"', page)
    told = [
        f"mouth {one['model']['mouth']['text']}, ratio of distances"
        for one in data["visits"]
        if one["model"]["mouth"]
    ]
    assert labels and [label.split(": ", 1)[1] for label in labels] == told


def test_an_earlier_episode_is_one_choice_away(as_clinician, patient, episode):
    earlier = factories.EpisodeFactory(patient=patient, onset_date=scenes.on(-900).date(), cause="stroke")
    scenes.measured(earlier, -880, mouth=0.33)
    scenes.measured(episode, 5, mouth=0.77)
    address = reverse("patients:detail", args=[patient.pk])

    newest = as_clinician.get(address).content.decode()
    older = as_clinician.get(address, {"episode": str(earlier.pk)}).content.decode()

    assert f"?episode={earlier.pk}" in newest and "0.77" in newest and "0.33" not in newest
    assert "0.33" in older and "0.77" not in older


def test_a_note_that_looks_like_markup_stays_words(as_clinician, patient, episode):
    rich(episode)
    factories.TreatmentFactory(episode=episode, kind="other", note="</script><b>x", date=scenes.on(4).date())

    page = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()

    assert "</script><b>" not in page and "<b>x" not in page
