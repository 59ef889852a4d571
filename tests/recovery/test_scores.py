"""Clinical scales on the time axis: what they came to, what differs, and by how much it must."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse
from django.utils import translation

from clinic.examination.scales import BY_CODE, SCALES, Scale
from clinic.examination.services_scales import answer, finish
from clinic.recovery import score_charts, selectors
from clinic.recovery.scores import changes_of, changes_since_first, figures_of
from tests import factories
from tests.examination.answers import answers_for

from . import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode(patient):
    return factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET, weak_side="left")


def filled(episode, clinician, scale: Scale, day: int, answers=None, *, done=True):
    visit = scenes.visit(episode, day)
    made = answer(user=clinician, visit=visit, scale=scale, answers=answers or answers_for(scale))
    return finish(user=clinician, assessment=made) if done else made


def saq(points: int) -> dict[str, int]:
    return dict.fromkeys(BY_CODE["saq"].by_code, points)


def of_scale(episode, code: str):
    return [one for one in selectors.course(episode=episode).scores if one.scale == code]


@pytest.mark.parametrize("scale", SCALES, ids=lambda one: one.code)
def test_each_scale_has_a_panel_with_its_totals_and_a_row_with_its_sub_scores(
    as_clinician, clinician, episode, scale
):
    filled(episode, clinician, scale, 3)
    filled(episode, clinician, scale, 24)
    page = as_clinician.get(reverse("patients:detail", args=[episode.patient_id])).content.decode()
    panel = page.split(f'id="chart-scale-{scale.code}"')[1].split("</figure>")[0]
    drawn = 1 if scale.total is not None else len(scale.sub_scores)
    assert panel.count('class="chart-point ') == 2 * drawn
    assert panel.count("<polyline") == drawn
    table = page.split('id="scores"')[1].split("</table>")[0]
    for sub in scale.sub_scores:
        assert table.count(sub.name) >= 2
    told = "no detectable change" in table
    assert told == bool(scale.changes)
    assert ("no smallest detectable change is published" in table) == (not scale.changes)


@pytest.mark.parametrize("scale", SCALES, ids=lambda one: one.code)
def test_no_threshold_is_told_but_the_published_ones(scale):
    published = {one.of: one.detectable for one in scale.changes}
    assert {one.code: one.detectable for one in figures_of(scale) if one.detectable is not None} == published


def test_a_difference_is_a_change_only_beyond_the_smallest_detectable_one(clinician, episode):
    # 28.2 of 100: nine items of 1 to 5 are 20, 40 and 60.
    for day, points in ((3, 1), (24, 2), (40, 3), (60, 1)):
        filled(episode, clinician, BY_CODE["saq"], day, saq(points))
    found = of_scale(episode, "saq")
    assert [one.total for one in found] == [20, 40, 60, 20]
    before = [changes_of(found, place) for place in range(4)]
    assert before[0] == ()
    assert [(one.by, one.verdict) for (one,) in before[1:]] == [(20, "same"), (20, "same"), (-40, "better")]
    (since,) = changes_since_first(found, 2)
    assert (since.by, since.verdict) == (40, "worse")
    with translation.override("en"):
        assert since.words == "worse, by more than the smallest detectable change of 28.2"
        assert before[1][0].words == "no detectable change; smallest detectable 28.2"


def test_exactly_the_smallest_detectable_change_is_none(clinician, episode):
    for day, total in ((3, 60.0), (24, 88.2)):
        made = filled(episode, clinician, BY_CODE["saq"], day, saq(3))
        type(made).objects.filter(pk=made.pk).update(total=total)
    (change,) = changes_of(of_scale(episode, "saq"), 1)
    assert change.by == 28.2 and change.verdict == "same"


def test_no_line_goes_over_a_missing_total_and_none_is_drawn_as_zero(as_clinician, clinician, episode):
    whole = answers_for(BY_CODE["fdi"])
    unsaid = whole | {"eating": 0}  # did not, for other reasons: counts for nothing
    for day, answers in ((3, whole), (24, unsaid), (40, whole)):
        filled(episode, clinician, BY_CODE["fdi"], day, answers)
    found = of_scale(episode, "fdi")
    assert [one.sub_scores["physical"] is None for one in found] == [False, True, False]
    panel = next(one.panel for one in score_charts.scale_courses(selectors.course(episode=episode)))
    physical, social = panel.lines
    assert len(physical.marks) == 2 and physical.runs == ()
    assert len(social.marks) == 3 and len(social.runs) == 1
    data = as_clinician.get(reverse("recovery:data", args=[episode.patient_id])).json()
    assert [one["sub_scores"]["physical"] for one in data["scores"]][1] is None
    assert [one["total"] for one in data["scores"]] == [None, None, None]


def test_two_versions_of_a_scale_are_neither_joined_nor_compared(clinician, episode):
    old = filled(episode, clinician, BY_CODE["saq"], 3, saq(1))
    type(old).objects.filter(pk=old.pk).update(scale_version="1999")
    filled(episode, clinician, BY_CODE["saq"], 24, saq(5))
    found = of_scale(episode, "saq")
    assert changes_of(found, 1) == () == changes_since_first(found, 1)
    panel = score_charts.scale_courses(selectors.course(episode=episode))[0].panel
    assert len(panel.lines[0].marks) == 2 and panel.lines[0].runs == ()


def test_up_is_better_in_every_panel(clinician, episode):
    for scale in SCALES:
        filled(episode, clinician, scale, 3)
    history = selectors.course(episode=episode)
    for one in score_charts.scale_courses(history):
        scale = BY_CODE[one.code]
        figure = figures_of(scale)[0]
        y = {label: y for y, label in one.panel.y_ticks}
        low, high = (
            score_charts.written_figure(scale, figure, figure.low),
            score_charts.written_figure(scale, figure, figure.high),
        )
        best, worst = (high, low) if figure.better == "higher" else (low, high)
        assert y[best] < y[worst], scale.code


def test_what_is_not_finished_and_what_is_archived_is_not_in_the_course(clinician, episode):
    filled(episode, clinician, BY_CODE["fngs"], 3, {"brow": 2}, done=False)
    gone = filled(episode, clinician, BY_CODE["fngs"], 5)
    type(gone.visit).objects.filter(pk=gone.visit_id).update(archived_at=scenes.on(6))
    other = factories.EpisodeFactory(patient=episode.patient, onset_date=scenes.ONSET)
    filled(other, clinician, BY_CODE["fngs"], 7)
    assert selectors.course(episode=episode).scores == ()


def test_clinicians_and_patients_are_told_apart(as_clinician, clinician, episode):
    filled(episode, clinician, BY_CODE["fngs"], 3)
    filled(episode, clinician, BY_CODE["saq"], 3)
    page = as_clinician.get(reverse("patients:detail", args=[episode.patient_id])).content.decode()
    assert "line-clinician" in page.split('id="chart-scale-fngs"')[1].split("</svg>")[0]
    assert "line-patient" in page.split('id="chart-scale-saq"')[1].split("</svg>")[0]
    data = as_clinician.get(reverse("recovery:data", args=[episode.patient_id])).json()
    assert {one["scale"]: one["rated_by"] for one in data["scores"]} == {
        "fngs": "clinician",
        "saq": "patient",
    }


def test_page_file_and_data_say_the_same(as_clinician, clinician, episode):
    for day, points in ((3, 1), (24, 3)):
        filled(episode, clinician, BY_CODE["saq"], day, saq(points))
    filled(episode, clinician, BY_CODE["sunnybrook"], 24)
    data = as_clinician.get(reverse("recovery:data", args=[episode.patient_id])).json()["scores"]
    answer_ = as_clinician.get(reverse("recovery:csv", args=[episode.patient_id]))
    text = b"".join(answer_.streaming_content).decode("utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["record"] == "scale"]
    assert len(rows) == len(data) == 3
    for row, one in zip(rows, data, strict=True):
        assert row["date"] == one["date"] and int(row["day_since_onset"]) == one["day"]
        assert row["scale"] == one["scale"] and row["scale_version"] == one["scale_version"]
        assert float(row["scale_total"]) == one["total"]
        figures = dict(part.split("=") for part in row["scale_sub_scores"].split("; "))
        assert {code: float(value) for code, value in figures.items()} == one["sub_scores"]
    page = as_clinician.get(reverse("patients:detail", args=[episode.patient_id])).content.decode()
    table = page.split('id="scores"')[1].split("</tbody>")[0]
    totals = re.findall(r'class="clinician-value">([^<]+)<', table)
    assert sorted(map(float, totals)) == sorted(one["total"] for one in data)


def test_scores_stand_before_any_visit_is_photographed(as_clinician, clinician, episode):
    """And an axis that begins and ends with them."""
    filled(episode, clinician, BY_CODE["saq"], 3)
    page = as_clinician.get(reverse("patients:detail", args=[episode.patient_id]))
    assert page.status_code == 200 and b'id="chart-scale-saq"' in page.content


def test_the_newest_25_are_on_the_page_and_all_of_them_to_be_printed(as_clinician, clinician, episode):
    for day in range(1, 29):
        filled(episode, clinician, BY_CODE["saq"], day, saq(2))
    address = reverse("patients:detail", args=[episode.patient_id])

    def rows(query):
        page = as_clinician.get(address + query).content.decode()
        return page.split('id="scores"')[1].split("</table>")[0].count('scope="row"')

    assert rows("") == 25 and rows("?rows=all") == 28
