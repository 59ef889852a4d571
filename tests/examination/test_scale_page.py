"""The page of a clinical scale, as a browser without scripts sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from clinic.examination import scale_page
from clinic.examination.models import Assessment
from clinic.examination.scales import BY_CODE, SCALES
from clinic.examination.services_scales import answer, finish
from tests import factories

from .conftest import at_rest, closed

pytestmark = pytest.mark.django_db
FNGS = BY_CODE["fngs"]
WHOLE = {"brow": 3, "eye": 2, "fold": 3, "oral": 3, "secondary": 1}


def address(visit: Any, code: str = "fngs", name: str = "scale") -> str:
    return reverse(f"examination:{name}", args=[visit.pk, code])


def fields(answers: dict[str, Any], **more: str) -> dict[str, str]:
    return {f"item-{code}": str(value) for code, value in answers.items()} | more


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.code)
def test_every_scale_is_filled_in_from_its_page(as_clinician, visit, scale):
    answers = {item.code: item.line.best if item.line else item.choices[0].value for item in scale.items}
    shown = as_clinician.get(address(visit, scale.code))
    assert shown.status_code == 200
    done = as_clinician.post(address(visit, scale.code, "scale_finish"), fields(answers), follow=True)
    made = Assessment.objects.get()
    assert made.is_finished and made.answers == answers and scale.name in text(done)
    assert made.total == scale.score(answers).total


def test_what_no_page_sends_is_refused_and_kept_on_the_page(as_clinician, visit):
    refused = as_clinician.post(address(visit), {"item-brow": "9", "item-eye": "2"})
    assert refused.status_code == 422 and not Assessment.objects.exists()
    assert "Allowed: 1, 2, 3, 4, 5, 6" in text(refused)
    for wrong in ("-1", "201", "x", "1e3", "9" * 5000):
        assert as_clinician.post(address(visit, "eface"), {"item-rest_brow": wrong}).status_code == 422
    assert as_clinician.get(address(visit, "beauty")).status_code == 404


def test_an_answer_that_a_script_sends_is_answered_with_the_panel_alone(as_clinician, visit):
    panel = as_clinician.post(address(visit), fields({"brow": 3}, part="1", version="0"))
    assert panel.status_code == 200 and "<html" not in text(panel)
    assert "1 of 5 answered" in text(panel) and 'value="1" form="scale-form"' in text(panel)
    assert as_clinician.post(address(visit), fields({"brow": 3}), follow=True).status_code == 200


def test_the_total_appears_only_when_nothing_is_missing(as_clinician, visit, clinician):
    for answers in ({"brow": 3}, {"eye": 2, "fold": 3}, {"oral": 3}):
        answer(user=clinician, visit=visit, scale=FNGS, answers=answers)
        assert "scale-figures" not in text(as_clinician.get(address(visit)))
    answer(user=clinician, visit=visit, scale=FNGS, answers={"secondary": 1})
    shown = text(as_clinician.get(address(visit)))
    assert "12, grade III" in shown


def test_finishing_early_says_so_and_keeps_what_was_given(as_clinician, visit):
    refused = as_clinician.post(address(visit, name="scale_finish"), fields({"brow": 3}))
    assert refused.status_code == 422 and "Some items have no answer yet" in text(refused)
    assert Assessment.objects.get().answers == {"brow": 3}
    assert as_clinician.post(address(visit, "saq", "scale_finish")).status_code == 404


def test_the_photo_of_its_view_stands_beside_an_item(as_clinician, visit):
    rest = factories.PhotoFactory(visit=visit, exercise="rest")
    smile = factories.PhotoFactory(visit=visit, exercise="smile")
    blocks = scale_page.blocks_of(scale=BY_CODE["sunnybrook"], answers={}, cards=scale_page_cards(visit))
    found = {str(block.view): block.card.photo.pk if block.card else None for block in blocks}
    assert found["Rest"] == rest.pk and found["Smile with teeth"] == smile.pk and found["Pucker"] is None
    shown = text(as_clinician.get(address(visit, "sunnybrook")))
    assert reverse("visits:thumbnail", args=[rest.pk]) in shown and "no photo in this visit" in shown


def scale_page_cards(visit: Any) -> list[Any]:
    from clinic.visits.selectors import photos_of_visit

    return photos_of_visit(visit=visit)


def test_the_model_s_measure_appears_only_after_the_clinician_s_own_answer(as_clinician, visit):
    at_rest(visit, 9.3, 10.4)
    closed(visit, 0.2, 7.7, "gentle_eye_closure")
    page = address(visit, "sunnybrook")
    assert "data-measured" not in text(as_clinician.get(page)) and "10.4" not in text(as_clinician.get(page))
    panel = text(as_clinician.post(page, fields({"closure_movement": 2}, part="1")))
    assert 'data-measured="closure_movement"' in panel and "rest_eye" not in panel
    shown = text(as_clinician.get(page))
    assert "right 7.7" in shown and "10.4" not in shown


def test_another_persons_answer_is_not_overwritten_by_an_old_page(as_clinician, as_administrator, visit):
    as_clinician.post(address(visit), fields({"brow": 3}))
    as_administrator.post(address(visit), fields({"brow": 5}, version="1"))
    refused = as_clinician.post(address(visit), fields({"brow": 2}, version="1", part="1"))
    assert refused.status_code == 422 and "Somebody else answered the same item" in text(refused)
    # A page that was opened before anything was answered held nothing.
    refused = as_clinician.post(address(visit), fields({"brow": 2}, version="0"))
    assert refused.status_code == 422
    kept = as_clinician.post(address(visit), fields({"eye": 2}, version="0"))
    assert kept.status_code == 302 and Assessment.objects.get().answers == {"brow": 5, "eye": 2}


def test_of_a_stroke_sunnybrook_leads_and_house_brackmann_says_that_it_is_not_made_for_it(
    clinician, as_clinician
):
    clinic = clinician.memberships.get().clinic
    strokes = factories.EpisodeFactory(patient__clinic=clinic, cause="stroke")
    visit = factories.VisitFactory(episode=strokes, clinician=clinician)
    shown = text(as_clinician.get(address(visit, "house_brackmann")))
    assert "made for the palsy of a stroke" in shown and address(visit, "sunnybrook") in shown
    assert "made for the palsy of a stroke" not in text(as_clinician.get(address(visit, "sunnybrook")))
    order = [scale.code for scale in scale_page.offered(cause="stroke")]
    assert order[0] == "sunnybrook" and set(order[-2:]) == {"house_brackmann", "fngs"}
    bells = factories.VisitFactory(
        episode__patient__clinic=clinic, episode__cause="bells_palsy", clinician=clinician
    )
    assert "made for the palsy of a stroke" not in text(as_clinician.get(address(bells, "house_brackmann")))


def test_the_visit_lists_what_was_answered_with_its_total(as_clinician, as_reviewer, visit, clinician):
    made = answer(user=clinician, visit=visit, scale=FNGS, answers={"brow": 3})
    page = reverse("visits:detail", args=[visit.pk])
    assert "1 of 5 answered" in text(as_clinician.get(page))
    finish(user=clinician, assessment=answer(user=clinician, visit=visit, scale=FNGS, answers=WHOLE))
    shown = text(as_reviewer.get(page))
    assert "12, grade III" in shown and address(visit) in shown
    assert address(visit, "saq") not in shown, "a reviewer answers none"
    Assessment.objects.filter(pk=made.pk).update(scale_version="1.0")
    shown = text(as_reviewer.get(page))
    assert address(visit) not in shown and "1.0" in shown


def test_a_finished_one_is_shown_shut_and_opened_again_to_be_corrected(as_clinician, visit, clinician):
    finish(user=clinician, assessment=answer(user=clinician, visit=visit, scale=FNGS, answers=WHOLE))
    shown = text(as_clinician.get(address(visit)))
    assert "Finished on" in shown and "js/scale.js" not in shown
    assert as_clinician.post(address(visit), fields({"brow": 1})).status_code == 422
    as_clinician.post(address(visit, name="scale_reopen"))
    version = str(Assessment.objects.get().version)
    assert as_clinician.post(address(visit), fields({"brow": 1}, version=version)).status_code == 302
    assert Assessment.objects.get().total == 10


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.code)
def test_each_answer_has_a_key_of_its_own(scale):
    for item in scale.items:
        keys = scale_page.keys_of(item.choices)
        assert len(set(keys)) == len(keys) and all(len(key) == 1 and key.isdigit() for key in keys)
