"""What a photo is taken to show: the record, until the picture speaks clearly against it."""

from __future__ import annotations

import pytest

from inference.finding import from_analysis
from tests import factories


class Analysed:
    def __init__(self, exercise: str, **findings: object) -> None:
        self.exercise, self.weak_side, self.grade = exercise, "", None
        self.findings = {**factories.findings(), **findings}


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.55, "pucker"), (0.9, "pucker"), (0.97, "puff_cheek")],
)
def test_the_record_is_believed_until_another_exercise_is_seen_clearly(probability, shown):
    probabilities = {"puff_cheek": probability, "pucker": 0.99 - probability, "rest": 0.01}
    found = from_analysis(
        Analysed("puff_cheek", exercise_probabilities=probabilities, doubt=3.0), asked="pucker"
    )
    assert found.exercise == shown


def test_either_smile_answers_a_smile_and_is_named_closer():
    seen = Analysed("closed_smile", exercise_probabilities={"closed_smile": 0.5, "rest": 0.5}, doubt=3.0)
    assert from_analysis(seen, asked="smile").exercise == "closed_smile"


def test_an_older_release_that_states_no_limit_is_believed_where_it_is_sure():
    seen = Analysed("puff_cheek", exercise_probabilities={"puff_cheek": 0.6, "pucker": 0.4}, doubt=None)
    assert from_analysis(seen, asked="pucker").exercise == "puff_cheek"
    seen.findings["quality"] = {"warnings": ["exercise_unsure"]}
    assert from_analysis(seen, asked="pucker").exercise == "pucker"
