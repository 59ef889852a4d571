"""Simulated expressions held against real ones, and what a folder and the gauge say a portrait shows."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from inference.pipeline.codes import VIEWS, Exercise
from inference.pipeline.gauge import NAMES
from ml_training.datasets import FIELDS, Pictures, write_shard
from ml_training.simulate import gauge as gauges
from ml_training.simulate.generate import at_rest

from .people import face, pictures


class Told:
    """A gauge that reads its answers off a mesh: coefficient n times a thousand lies in the depth of point n."""

    def blendshapes(self, points: np.ndarray) -> np.ndarray:
        return points[: len(NAMES), 2] / 1000


def mesh(gap: float = 0.0, **coefficients: float) -> np.ndarray:
    """A face whose lips are `gap` apart (in distances between the eyes), of which the gauge says this."""
    points = face(np.random.default_rng(0))
    points[:, 2] = 0
    points[13, :2], points[14, :2] = (100, 140), (100, 140 + 40 * gap)
    for name, value in coefficients.items():
        for n, each in enumerate(NAMES):
            if each in (name, name + "Left", name + "Right"):
                points[n, 2] = 1000 * value
    return points


@pytest.mark.parametrize(
    ("points", "view"),
    [
        (mesh(0.0, mouthSmile=0.02, mouthPucker=0.6), Exercise.REST),
        (mesh(0.2, mouthSmile=0.9, mouthUpperUp=0.5), Exercise.SMILE_WITH_TEETH),
        (mesh(0.0, mouthSmile=0.7), Exercise.CLOSED_SMILE),
        (mesh(0.0, mouthSmile=0.2), None),
        (mesh(0.05, mouthSmile=0.02), None),
        (mesh(0.0, eyeBlink=0.7), None),
        (mesh(0.3, jawOpen=0.6), None),
        (mesh(0.0, browInnerUp=0.5), None),
    ],
)
def test_a_portrait_gets_a_view_only_where_the_gauge_is_sure(points, view):
    assert gauges.sure_view(Told(), points) == (-1 if view is None else VIEWS.index(view))


def some(view: str, count: int, **coefficients: float) -> Pictures:
    """So many healthy people who show a view, with a gauge that reads these coefficients."""
    people = pictures(people=count, visits=1, split="train")
    people = people.where(people.view == VIEWS.index(view))
    points = np.stack([mesh(**coefficients)] * len(people))
    return replace(people, points=points, grade=np.ones(len(people), int))


def test_simulated_puckers_too_weak_part_from_real_ones():
    weak, real = some("pucker", 20, mouthPucker=0.28), some("rest", 20)
    [line] = [each for each in gauges.lines(weak, real, Told()) if each.coefficient == "mouthPucker"]
    assert line.parted
    assert line.real == gauges.ELSEWHERE["pucker"]["mouthPucker"]
    full = some("pucker", 20, mouthPucker=0.85)
    assert not any(each.parted for each in gauges.lines(full, real, Told()))


def test_real_portraits_outrank_what_was_measured_elsewhere():
    drawn, real = some("rest", 20, mouthSmile=0.25), some("rest", 20, mouthSmile=0.02)
    found = {each.coefficient: each for each in gauges.lines(drawn, real, Told())}
    assert found["mouthSmile"].parted
    assert found["mouthSmile"].real == pytest.approx(0.02)
    assert found["mouthSmile"].real_count == 20
    few = some("rest", 3, mouthSmile=0.02)
    assert not any(each.real_count for each in gauges.lines(drawn, few, Told())), (
        "three portraits say nothing"
    )


def test_weak_faces_are_told_apart_and_part_nothing():
    drawn = some("pucker", 20, mouthPucker=0.85)
    grade = np.where(np.arange(20) < 10, 1, 5)
    points = drawn.points.copy()
    points[10:] = mesh(mouthPucker=0.2)
    [line, *_] = gauges.lines(replace(drawn, grade=grade, points=points), some("rest", 20), Told())
    assert line.healthy == pytest.approx(0.85)
    assert line.grades == {5: pytest.approx(0.2)}
    assert not line.parted


@pytest.mark.parametrize(("strength", "status"), [(0.28, True), (0.85, False)])
def test_the_command_fails_where_they_part(tmp_path, monkeypatch, capsys, strength, status):
    for name, made in (("drawn", some("pucker", 20, mouthPucker=strength)), ("real", some("rest", 20))):
        (tmp_path / name).mkdir()
        write_shard(tmp_path / name / "part-000.npz", {field: getattr(made, field) for field in FIELDS})
    monkeypatch.setattr(gauges, "Gauge", Told)
    command = ["gauge", "--data", str(tmp_path / "drawn"), "--real", str(tmp_path / "real")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        gauges.main()
    assert bool(ended.value.code) is status
    assert f"| pucker | mouthPucker | 0.87 (elsewhere) | {strength:.2f} (20) |" in capsys.readouterr().out
    told = json.loads((tmp_path / "drawn" / "gauge.json").read_text())
    assert any(line["parted"] for line in told["lines"]) is status


def test_people_start_at_rest_by_the_eye_or_else_by_the_gauge():
    from ml_training.portraits import Known, Portrait

    def of(points: np.ndarray) -> Portrait:
        return Portrait(None, "0" * 64, "x", "train", np.zeros((2, 2, 3), np.uint8), points)  # type: ignore[arg-type]

    smiling, resting = of(mesh(mouthSmile=0.9)), of(mesh())
    assert at_rest(resting, Known(), Told())
    assert not at_rest(smiling, Known(), Told())
    assert at_rest(smiling, Known(VIEWS.index("rest"), judged=True), Told()), "the eye outranks the gauge"
    assert not at_rest(resting, Known(-1, judged=True), Told()), "labelled as something else"
