"""Each formula against figures that were published, or that follow from a published rule alone.

The arithmetic of these scales is linear, so that the published means of a group have to fit it as one patient's
answers do; medians of a group that are scores themselves have to be reachable.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.examination.scales import BY_CODE, Scale
from clinic.examination.scales.eface import composite
from clinic.examination.scales.questionnaires import FACE, FDI, SAQ, percent

from .made_up import counted

SUNNYBROOK, HOUSE, FNGS = BY_CODE["sunnybrook"], BY_CODE["house_brackmann"], BY_CODE["fngs"]
EFACE, YANAGIHARA = BY_CODE["eface"], BY_CODE["yanagihara"]
MOVES = ("forehead", "closure", "smile", "snarl", "pucker")


def sunnybrook(rest: tuple[str, str, str], moves: list[int], synkinesis: list[int]) -> dict[str, Any]:
    answers: dict[str, Any] = dict(zip(("rest_eye", "rest_cheek", "rest_mouth"), rest, strict=True))
    answers |= {f"{name}_movement": value for name, value in zip(MOVES, moves, strict=True)}
    return answers | {f"{name}_synkinesis": value for name, value in zip(MOVES, synkinesis, strict=True)}


@pytest.mark.parametrize(
    ("rest", "moves", "synkinesis", "parts", "total"),
    [
        # BMJ Best Practice: 0 is complete flaccid palsy, 100 normal function.
        (("wide", "absent", "drooped"), [1] * 5, [0] * 5, (20, 20, 0), 0),
        (("normal", "normal", "normal"), [5] * 5, [0] * 5, (0, 100, 0), 100),
        # The weights of Ross 1996, each alone.
        (("narrow", "normal", "normal"), [5] * 5, [0] * 5, (5, 100, 0), 95),
        (("surgery", "more", "pulled"), [3, 3, 4, 2, 3], [1, 2, 1, 0, 2], (15, 60, 6), 39),
        # The arithmetic range is not clamped.
        (("wide", "absent", "drooped"), [1] * 5, [3] * 5, (20, 20, 15), -15),
    ],
)
def test_sunnybrook(rest, moves, synkinesis, parts, total):
    score = SUNNYBROOK.score(sunnybrook(rest, moves, synkinesis))
    assert tuple(score.sub_scores[code] for code in ("resting", "voluntary", "synkinesis")) == parts
    assert score.total == total


@given(counted(SUNNYBROOK))
def test_sunnybrook_is_voluntary_less_the_two_others(answers):
    subs = SUNNYBROOK.score(answers).sub_scores
    assert SUNNYBROOK.score(answers).total == subs["voluntary"] - subs["resting"] - subs["synkinesis"]
    assert subs["resting"] % 5 == 0 and subs["voluntary"] % 4 == 0


TABLE = {
    # The rows of the House-Brackmann table (BMJ, AAO-HNS): what each grade's region looks like.
    1: ("normal", "normal", "normal", "normal", "none"),
    2: ("normal", "good", "little_effort", "slight", "slight"),
    3: ("normal", "slight", "effort", "weak", "obvious"),
    4: ("normal", "none", "incomplete", "asymmetric", "disfiguring"),
    5: ("asymmetric", "none", "trace", "trace", "none"),
    6: ("no_tone", "none", "none", "none", "none"),
}


def house(*answers: str) -> dict[str, Any]:
    return dict(zip(HOUSE.by_code, answers, strict=True))


@pytest.mark.parametrize(("grade", "row"), TABLE.items())
def test_each_row_of_the_house_brackmann_table_suggests_its_grade(grade, row):
    assert HOUSE.score(house(*row)).total == grade


@pytest.mark.parametrize(
    ("row", "grade"),
    [
        # AAO-HNS: these two override whatever the movement is.
        (("normal", "normal", "normal", "normal", "obvious"), 3),
        (("normal", "normal", "normal", "normal", "disfiguring"), 4),
        (("normal", "good", "little_effort", "slight", "disfiguring"), 4),
        # An eye that closes with effort is III, though the brow can't be lifted (BMJ); one that stays open is IV.
        (("normal", "none", "effort", "asymmetric", "none"), 3),
        (("normal", "slight", "incomplete", "weak", "none"), 4),
        # One noisy region alone does not drive it.
        (("normal", "none", "normal", "normal", "none"), 2),
        (("asymmetric", "normal", "normal", "normal", "none"), 2),
        # Nothing moves, though a young face stays symmetric at rest.
        (("normal", "none", "none", "none", "none"), 6),
    ],
)
def test_what_overrides_and_what_bounds_a_suggested_grade(row, grade):
    assert HOUSE.score(house(*row)).total == grade


def test_a_worse_answer_never_gives_a_better_house_brackmann_grade():
    items = [[one.value for one in item.choices] for item in HOUSE.items]
    grades = {row: HOUSE.score(house(*row)).total for row in product(*items)}
    for row, grade in grades.items():
        for place, values in enumerate(items):
            at = values.index(row[place])
            if at + 1 < len(values):
                worse = (*row[:place], values[at + 1], *row[place + 1 :])
                assert grades[worse] >= grade, (row, worse)
    assert set(grades.values()) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("regions", "secondary", "total", "grade"),
    [
        # Vrabec 2009: I is 4 points, II 5 to 9, III 10 to 14, IV 15 to 19, V 20 to 23, VI 24.
        ((1, 1, 1, 1), 0, 4, 1),
        ((1, 1, 1, 2), 0, 5, 2),
        ((2, 2, 2, 2), 1, 9, 2),
        ((2, 2, 3, 2), 1, 10, 3),
        ((3, 3, 3, 3), 2, 14, 3),
        ((3, 3, 4, 4), 1, 15, 4),
        ((4, 4, 4, 4), 3, 19, 4),
        ((5, 5, 5, 5), 0, 20, 5),
        ((6, 5, 6, 6), 0, 23, 5),
        ((6, 6, 6, 6), 0, 24, 6),
        ((6, 6, 6, 6), 3, 27, 6),
    ],
)
def test_fngs_and_the_grade_that_follows(regions, secondary, total, grade):
    answers = dict(zip(("brow", "eye", "fold", "oral"), regions, strict=True)) | {"secondary": secondary}
    score = FNGS.score(answers)
    assert (score.total, score.derived) == (total, {"house_brackmann": grade})


@given(st.data())
def test_eface_of_a_balanced_face_is_100_and_both_ways_from_balance_cost_alike(data):
    answers = {item.code: item.line.best for item in EFACE.items}  # type: ignore[union-attr]
    assert EFACE.score(answers).total == 100
    item = data.draw(st.sampled_from([one for one in EFACE.items if one.line and one.line.high == 200]))
    off = data.draw(st.integers(0, 100))
    narrow, wide = (EFACE.score(answers | {item.code: 100 + sign * off}) for sign in (-1, 1))
    assert narrow == wide and narrow.sub_scores["static"] == pytest.approx(100 - off / 4, abs=0.01)


def test_eface_counts_a_dynamic_item_twice_a_static_one():
    """Banks 2015: dynamic parameters weigh twice as much as static ones and synkinesis."""
    answers = {item.code: item.line.best for item in EFACE.items}  # type: ignore[union-attr]

    def cost(code: str) -> float:
        return 100 - float(EFACE.score(answers | {code: 0}).total or 0)

    assert cost("brow") == pytest.approx(2 * cost("rest_brow"), abs=0.02)
    assert cost("rest_brow") == pytest.approx(cost("neck_synkinesis"), abs=0.01)
    assert composite({"static": 100, "dynamic": 0, "synkinesis": 100}) == pytest.approx(8 / 22 * 100)


def test_yanagihara_sums_ten_items_of_0_2_or_4():
    """IEEE 7382213, table I: 4 normal, 2 partial, 0 full palsy; 40 at most."""
    codes = list(YANAGIHARA.by_code)
    assert len(codes) == 10
    assert YANAGIHARA.score(dict.fromkeys(codes, 4)).total == 40
    assert YANAGIHARA.score(dict.fromkeys(codes, 0)).total == 0
    assert YANAGIHARA.score(dict.fromkeys(codes, 2)).total == 20
    assert YANAGIHARA.score(dict.fromkeys(codes, 4) | {codes[0]: 2, codes[1]: 2}).total == 36


def reachable(figure: float, scale: Scale, items: int, low: int, high: int, of: Any) -> bool:
    """Whether some sum of answers comes to the figure, as rounded where it was published."""
    sums = range(items * low, items * high + 1)
    return any(abs(of([total / items] * items) - figure) <= 0.051 for total in sums)


def test_face_of_children_after_reanimation():
    """J Craniofac Surg 2021;32:892 (14 children): group means of items, of domains, and of the total."""
    items = {"smile": 53.6, "brow": 16.1, "pucker": 46.4}
    assert sum(items.values()) / 3 == pytest.approx(38.7, abs=0.05)
    domains = {"movement": 38.7, "comfort": 67.3, "oral": 75, "eye": 68.75, "lacrimal": 53.6, "social": 64.3}
    assert FACE.total is not None
    assert FACE.total.of(domains) == pytest.approx(61.07, abs=0.05)


@pytest.mark.parametrize("published", [51.7, 38.3, 55.0, 40.0, 61.7, 43.3])
def test_published_face_totals_are_reached(published):
    """Medians and quartiles of Yoon 2022 (Clin Otolaryngol) and Bruins 2022."""
    assert reachable(published, FACE, 15, 1, 5, percent(1, 5))


@pytest.mark.parametrize("published", [51.1, 60.0, 26.7, 22.2, 35.6])
def test_published_saq_totals_are_reached(published):
    """Medians and quartiles of Bruins 2022."""
    assert reachable(published, SAQ, 9, 1, 5, SAQ.sub_scores[0].of)


@pytest.mark.parametrize(
    ("part", "published"), [(0, 60.0), (0, 70.0), (0, 80.0), (1, 68.0), (1, 76.0), (1, 88.0)]
)
def test_published_fdi_scores_are_reached(part, published):
    """Medians and quartiles of Bruins 2022: physical function in steps of 5, social function in steps of 4."""
    assert reachable(published, FDI, 5, 1, (5, 6)[part], FDI.sub_scores[part].of)


@given(counted(FACE))
def test_face_is_also_the_sum_of_all_items(answers):
    assert FACE.score(answers).total == pytest.approx((sum(answers.values()) - 15) / 60 * 100, abs=0.01)


@given(counted(SAQ))
def test_saq_is_its_sum_by_45(answers):
    assert SAQ.score(answers).total == pytest.approx(sum(answers.values()) / 45 * 100, abs=0.01)


def test_not_done_for_other_reasons_is_kept_and_counts_for_nothing():
    answers = {item.code: item.choices[-1].value for item in FDI.items} | {"drinking": 3}
    score = FDI.score(answers)
    assert score.missing == () and score.total is None
    assert score.uncounted == ("eating", "speaking", "tearing", "rinsing")
    assert score.sub_scores == {"physical": None, "social": 100}
