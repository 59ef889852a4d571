"""What holds of every scale, whatever its formula."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.examination.scales import BY_CODE, SCALES, Scale, WrongAnswers
from clinic.visits import exercises

from .made_up import counted, scales, whole

ids = [scale.code for scale in SCALES]
every = pytest.mark.parametrize("scale", SCALES, ids=ids)


def test_codes_are_unique_and_short_enough_for_a_record():
    assert len(BY_CODE) == len(SCALES)
    assert all(len(scale.code) <= 32 and len(scale.version) <= 32 for scale in SCALES)


@every
def test_a_scale_names_its_sources_and_whose_its_words_are(scale: Scale):
    assert scale.source and scale.wording and scale.version
    assert len(scale.by_code) == len(scale.items)
    for sub in scale.sub_scores:
        assert set(sub.items) <= set(scale.by_code)
    assert {code for sub in scale.sub_scores for code in sub.items} == set(scale.by_code)


@every
def test_an_item_names_a_view_that_is_taken_and_answers_that_differ(scale: Scale):
    for item in scale.items:
        assert not item.view or item.view in exercises.BY_CODE
        values = [one.value for one in item.choices]
        assert len(set(values)) == len(values) and (values or item.line)
        assert len(values) < 10, "a digit has to choose each"


@given(scales.flatmap(lambda scale: st.tuples(st.just(scale), counted(scale))))
def test_a_whole_set_of_answers_stands_within_the_published_range(made):
    scale, answers = made
    score = scale.score(answers)
    assert score.is_complete and score.missing == ()
    for sub in scale.sub_scores:
        figure = score.sub_scores[sub.code]
        assert figure is not None and sub.low <= figure <= sub.high
    if scale.total is None:
        assert score.total is None
    else:
        assert score.total is not None and scale.total.low <= score.total <= scale.total.high


@every
def test_both_ends_of_the_range_are_reached(scale: Scale):
    """Each figure comes to its best and its worst with the best and the worst answers."""
    ends = []
    for pick in (min, max):
        answers = {}
        for item in scale.items:
            if item.line is not None:
                candidates = [item.line.low, item.line.best, item.line.high]
                answers[item.code] = pick(candidates, key=item.points)
            else:
                usable = [one for one in item.choices if one.points is not None]
                answers[item.code] = pick(usable, key=lambda one: one.points).value  # type: ignore[arg-type, return-value]
        ends.append(scale.score(answers))
    for sub in scale.sub_scores:
        assert [end.sub_scores[sub.code] for end in ends] == [sub.low, sub.high]


@given(
    scales.flatmap(
        lambda scale: st.tuples(
            st.just(scale), counted(scale), st.sets(st.sampled_from(sorted(scale.by_code)), min_size=1)
        )
    )
)
def test_a_missing_item_gives_no_total_and_empties_its_own_sub_scores_alone(made):
    scale, answers, gone = made
    left = {code: answer for code, answer in answers.items() if code not in gone}
    score, full = scale.score(left), scale.score(answers)
    assert score.total is None and score.derived == {}
    assert score.missing == tuple(item.code for item in scale.items if item.code in gone)
    for sub in scale.sub_scores:
        expected = None if gone & set(sub.items) else full.sub_scores[sub.code]
        assert score.sub_scores[sub.code] == expected


@given(scales.flatmap(lambda scale: st.tuples(st.just(scale), whole(scale), st.data())))
def test_an_item_left_empty_counts_as_one_left_out(made):
    scale, answers, data = made
    code = data.draw(st.sampled_from(sorted(answers)))
    left_out = {key: value for key, value in answers.items() if key != code}
    assert scale.score(answers | {code: None}) == scale.score(left_out)


@every
def test_no_answer_at_all_is_everything_missing_and_never_zero(scale: Scale):
    score = scale.score({})
    assert score.total is None and set(score.sub_scores.values()) == {None}
    assert score.missing == tuple(scale.by_code)


WRONG = st.one_of(
    st.booleans(),
    st.text(max_size=3),
    st.integers(min_value=201),
    st.integers(max_value=-1),
    st.sampled_from([math.nan, math.inf, -math.inf, [], {}, [1], {"a": 1}]),
)


@given(scales.flatmap(lambda scale: st.tuples(st.just(scale), st.sampled_from(scale.items))), WRONG)
def test_a_value_that_an_item_does_not_have_is_refused_with_what_it_has(made, value):
    scale, item = made
    if item.accepts(value):
        return
    with pytest.raises(WrongAnswers) as raised:
        scale.score({item.code: value})
    said = raised.value.problems[item.code]
    assert item.code in said and item.allowed in said


@every
def test_an_item_that_the_scale_does_not_have_is_refused_with_those_it_has(scale: Scale):
    with pytest.raises(WrongAnswers) as raised:
        scale.score({"ear": 1})
    assert all(code in str(raised.value) for code in scale.by_code)


@every
def test_a_number_is_no_text_and_a_yes_no_number(scale: Scale):
    for item in scale.items:
        for choice in item.choices:
            other = str(choice.value) if isinstance(choice.value, int) else 0
            assert not item.accepts(other)
        assert not item.accepts(True) and not item.accepts(False)


@every
def test_published_changes_name_their_source_and_what_they_are_of(scale: Scale):
    known = {sub.code for sub in scale.sub_scores} | ({"total"} if scale.total else set())
    for change in scale.changes:
        assert change.of in known and change.source and change.detectable > 0
