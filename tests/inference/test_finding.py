"""The clinical rules of a finding, whatever it was made from."""

from __future__ import annotations

import pytest

from inference.finding import (
    Finding,
    Verdict,
    evidence,
    figures_of,
    from_analysis,
    from_clinician,
    from_columns,
    from_visit,
)
from inference.pipeline.visit import VisitFindings, combine
from tests import factories


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (("smile", "weak", "left", 3), (Verdict.WEAK, "left", 3)),
        (("smile", "uncertain", "left", 3), (Verdict.UNCERTAIN, "", None)),
        (("smile", "normal", "left", 3), (Verdict.NORMAL, "", 1)),
        (("smile", "weak", None, 2), (Verdict.WEAK, "", 2)),
        # Releases that state no verdict.
        (("smile", None, "right", 4), (Verdict.WEAK, "right", 4)),
        (("smile", None, "", 4), (Verdict.NORMAL, "", 1)),
        ((None, "", None, None), (Verdict.NORMAL, "", 1)),
    ],
)
def test_the_rules_hold_for_a_model(stored, found):
    finding = from_columns(*stored)
    assert (finding.verdict, finding.weak_side, finding.grade) == found
    assert finding.stated == bool(stored[1])


def test_the_rules_hold_for_a_clinician():
    assert from_clinician("rest", False, "", 4).grade == 1
    said = from_clinician("rest", True, "both", None)
    assert (said.verdict, said.weak_side, said.grade, said.decided) == (Verdict.WEAK, "both", None, True)


def test_the_rules_hold_for_a_visit():
    assert from_visit(VisitFindings()) is None
    open_ = from_visit(
        VisitFindings(side="left", palsy_verdict="uncertain", grade=2, grade_low=1, grade_high=4)
    )
    assert open_ is not None
    assert (open_.weak_side, open_.grade, open_.grade_low, open_.grade_high) == ("", None, 1, 4)
    weak = combine([factories.findings(exercise="rest", grade=5)], {})
    found = from_visit(weak)
    assert found is not None and (found.weak_side, found.grade) == (weak.side or "", weak.grade)


def test_a_weakness_without_enough_views_keeps_its_side_and_loses_its_grade():
    weak = Finding("", Verdict.WEAK, "left", 3, 2, 4)
    assert (weak.ungraded().weak_side, weak.ungraded().grade, weak.ungraded().grade_low) == (
        "left",
        None,
        None,
    )
    assert Finding("", Verdict.NORMAL).ungraded().grade == 1


@pytest.mark.django_db
def test_an_analysis_tells_its_doubts_and_its_likely_grades():
    data = factories.findings(grade=3)
    data["quality"]["warnings"] = ["soft", "side_unsure"]
    data["grade_probabilities"] = {"2": 0.25, "3": 0.5, "4": 0.2, "1": 0.05}
    found = from_analysis(factories.AnalysisFactory(data=data), asked="smile")
    assert (found.cautions, found.doubts) == (("soft", "side_unsure"), ("side_unsure",))
    assert (found.grade_low, found.grade, found.grade_high) == (2, 3, 4)


def test_nothing_stored_gives_no_figures():
    for stored in (None, {}, {"quality": None, "zones": None}):
        figures = figures_of(stored)
        assert (figures.verdict, figures.palsy, figures.cautions, dict(figures.zones)) == ("", None, (), {})


def test_a_photo_with_a_covered_eye_is_no_evidence_for_its_visit() -> None:
    found = {
        "grade_probabilities": {"1": 0.1, "4": 0.9},
        "weak_side_probabilities": {"left": 0.9, "right": 0.1},
        "zones": {"eye": {"left": 0.1, "right": 0.9}},
        "quality": {"warnings": []},
    }
    assert evidence(found, exercise="rest", with_zones=True)["zones"] == found["zones"]
    found["quality"] = {"warnings": ["dim", "eye_covered"]}
    assert evidence(found, exercise="rest", with_zones=True) == {"exercise": "rest"}
