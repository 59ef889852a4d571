"""Controls: what must fail, fails; what must hold, holds. Each says what was expected before it was looked at."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from inference.pipeline.codes import VIEWS
from ml_training.datasets import Pictures
from ml_training.evaluate import probes
from ml_training.evaluate.answers import Answers, Predict, calibrated
from ml_training.evaluate.changed import common_mask, faceless, mirrored, other_background
from ml_training.evaluate.figures import CLEAR_FROM, Judged
from ml_training.evaluate.intervals import Figure, accuracy
from ml_training.evaluate.probes import Clues

FROM_CHANCE = 0.05
"""How far a figure may lie from chance and still count as chance, beside its interval reaching chance."""
EXACT = 1e-3
"""Largest change of a probability that a mirror may cause where crop and points are mirrored exactly."""
AT_MOST = 600
"""Pictures that the network is asked about again; enough for an interval of a few hundredths."""


@dataclass(frozen=True)
class Control:
    """One control. expected: said in advance; held: whether it came out so, None where it could not be run."""

    key: str
    name: str
    expected: str
    held: bool | None
    figures: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def row(self) -> dict[str, Any]:
        verdict = {True: "as expected", False: "NOT as expected", None: "not run"}[self.held]
        told = {"key": self.key, "name": self.name, "expected": self.expected, "verdict": verdict}
        return told | {"held": self.held, "figures": self.figures, "note": self.note}


def at_chance(figure: Figure, chance: float) -> bool | None:
    """Whether a figure is chance: its interval holds it, or it is within a few hundredths of it."""
    if figure.value is None:
        return None
    inside = figure.low is not None and figure.high is not None and figure.low <= chance <= figure.high
    return inside or abs(figure.value - chance) <= FROM_CHANCE


def all_of(*held: bool | None) -> bool | None:
    """None where nothing could be told, else whether all that could be told held."""
    told = [h for h in held if h is not None]
    return all(told) if told else None


def brief(figure: Figure) -> dict[str, Any]:
    row = figure.row()
    return {name: row[name] for name in ("value", "low", "high", "pictures", "people")}


def drawn(pictures: Pictures, count: int = AT_MOST, seed: int = 0) -> np.ndarray:
    """Rows of at most `count` pictures, spread over all people."""
    rows = np.random.default_rng(seed).permutation(len(pictures))[:count]
    return np.sort(rows)


def _three(judged: Judged) -> tuple[Figure, Figure, Figure]:
    """View accuracy, palsy area from grade III, and side accuracy from grade III."""
    part = judged.where(judged.one_sided)
    against = part.clear | ~part.pictures.weak
    seen = judged.with_view
    view = seen.sample.confusion("view", "", seen.pictures.view, seen.view, len(VIEWS), accuracy)
    palsy = part.sample.where(against).area(
        "palsy", "", part.answers.palsy[against], part.pictures.weak[against]
    )
    side = part.sample.where(part.clear).share("side", "", part.side_right[part.clear])
    return view, palsy, side


class CalibratedNetwork:
    """A network with its calibration, asked about changed pictures."""

    def __init__(
        self, predict: Predict, temperatures: dict[str, float], thresholds: dict[str, float]
    ) -> None:
        self.predict, self.temperatures, self.thresholds = predict, temperatures, thresholds

    def answers(self, pictures: Pictures) -> Answers:
        return calibrated(self.predict(pictures), self.temperatures)

    def judged(self, pictures: Pictures) -> Judged:
        return Judged(pictures, self.answers(pictures), self.thresholds)


def face_masked(network: CalibratedNetwork, pictures: Pictures) -> Control:
    """Without a face there is nothing to tell."""
    healthy_rest = np.flatnonzero((pictures.grade == 1) & (pictures.view == VIEWS.index("rest")))
    points = pictures.points[healthy_rest[0] if len(healthy_rest) else 0]
    blank = faceless(pictures, common_mask(pictures), points)
    view, palsy, side = _three(network.judged(blank))
    held = all_of(at_chance(view, 1 / len(VIEWS)), at_chance(palsy, 0.5), at_chance(side, 0.5))
    return Control(
        "face_masked", "Face masked out, points of one face for all",
        "chance: views 1 in 12, palsy area 0.5, side 0.5", held,
        {"view": brief(view), "palsy_auc_clear": brief(palsy), "side_clear": brief(side)},
    )  # fmt: skip


def labels_shuffled(judged: Judged, seed: int = 0) -> Control:
    """The same answers against labels that belong to other pictures."""
    order = np.random.default_rng(seed).permutation(len(judged))
    labels = judged.pictures.where(order)
    moved = replace(labels, person=judged.pictures.person, crops=judged.pictures.crops)
    view, palsy, side = _three(replace(judged, pictures=moved))
    held = all_of(at_chance(view, 1 / len(VIEWS)), at_chance(palsy, 0.5), at_chance(side, 0.5))
    return Control(
        "labels_shuffled", "Test labels shuffled", "chance: views 1 in 12, palsy area 0.5, side 0.5", held,
        {"view": brief(view), "palsy_auc_clear": brief(palsy), "side_clear": brief(side)},
    )  # fmt: skip


def probe_on_shuffled(train: Pictures, test: Pictures, seed: int = 0) -> Control:
    """Whatever learns from shuffled labels must know nothing of true ones: else test people leak into training."""
    target = np.random.default_rng(seed).permutation(train.weak)
    known = Clues(probes.small(train.crops), target, train.person)
    asked = Clues(probes.small(test.crops), test.weak, test.person)
    found = probes.probe("probe", "", known, asked)
    return Control(
        "probe_on_shuffled", "A classifier trained on shuffled labels", "chance: area 0.5", at_chance(found, 0.5),
        {"palsy_auc": brief(found)},
    )  # fmt: skip


def mirror(network: CalibratedNetwork, pictures: Pictures, answers: Answers) -> Control:
    """Crop and points mirrored: the side turns over, everything else stays."""
    other = network.answers(mirrored(pictures))
    off = {
        "view": float(np.abs(other.view - answers.view).max()),
        "grades": float(np.abs(other.grades - answers.grades).max()),
        "side": float(np.abs(other.right - (1 - answers.right)).max()),
    }
    if np.isfinite(answers.zones).all():
        off["zones"] = float(np.abs(other.zones[:, :, ::-1] - answers.zones).max())
    found: dict[str, Any] = {key: round(value, 6) for key, value in off.items()}
    return Control(
        "mirrored", "Mirrored picture", f"side turns over, all else stays, within {EXACT} of any probability",
        max(off.values()) <= EXACT, {"largest change": found, "pictures": len(pictures)},
    )  # fmt: skip


def background_swapped(network: CalibratedNetwork, pictures: Pictures, answers: Answers) -> Control:
    """Everything outside the face replaced: the answers are about the face or they are worth nothing."""
    before = Judged(pictures, answers, network.thresholds)
    after = network.judged(other_background(pictures))
    same_view = before.sample.share("view", "", before.view == after.view)
    threshold = network.thresholds["palsy"]
    same_palsy = before.sample.share(
        "palsy", "", (before.answers.palsy >= threshold) == (after.answers.palsy >= threshold)
    )
    (_, area_before, _), (_, area_after, _) = _three(before), _three(after)
    moved = np.abs(after.answers.palsy - before.answers.palsy)
    fall = (area_before.value or 0) - (area_after.value or 0)
    figures = {
        "same view": brief(same_view),
        "same palsy call": brief(same_palsy),
        "palsy_auc_clear before": brief(area_before),
        "palsy_auc_clear after": brief(area_after),
        "palsy probability, median change": round(float(np.median(moved)), 4),
    }
    held = (same_view.value or 0) >= 0.9 and (same_palsy.value or 0) >= 0.9 and fall <= 0.02
    return Control(
        "background_swapped", "Background, hair and neck replaced",
        "nothing changes: at least 0.9 of the views and calls stay, the palsy area falls by 0.02 at most", held,
        figures,
    )  # fmt: skip


def background_probe(train: Pictures, test: Pictures) -> Control:
    """Can the label be told from what lies around the face?"""
    mask = common_mask(train.where(drawn(train, 500)))
    clear = [p.where((p.grade == 1) | (p.grade >= CLEAR_FROM)) for p in (train, test)]
    known, asked = (probes.background(p, mask, p.weak) for p in clear)
    palsy = probes.probe("palsy", "", known, asked)
    weak = [p.where(probes.one_sided(p)) for p in (train, test)]
    known, asked = (probes.background(p, mask, p.side == 1) for p in weak)
    side = probes.probe("side", "", known, asked)
    return Control(
        "background_probe", "A classifier that sees the background alone", "chance: area 0.5 for palsy and for side",
        all_of(at_chance(palsy, 0.5), at_chance(side, 0.5)),
        {"palsy_auc_clear": brief(palsy), "side_auc": brief(side)},
    )  # fmt: skip


def portrait_probe(train: Pictures, test: Pictures) -> Control:
    """Can a visit's label be told from who it is?"""
    known, asked = probes.neutral_portrait(train), probes.neutral_portrait(test)
    found = probes.probe("palsy", "", known, asked)
    return Control(
        "portrait_probe", "A classifier that sees the person's healthy face of other visits alone",
        "chance: area 0.5", at_chance(found, 0.5), {"palsy_auc": brief(found)}, "pictures counts visits",
    )  # fmt: skip


def conditions_probe(train: Pictures, test: Pictures) -> Control:
    """Can the label be told from how the photo was taken?"""
    parts = [p.where((p.grade == 1) | (p.grade >= CLEAR_FROM)) for p in (train, test)]
    clues = [Clues(probes.conditions_only(p), p.weak, p.person) for p in parts]
    files = [Clues(probes.photograph(p), p.weak, p.person) for p in parts]
    drawn_alone = probes.probe("conditions", "", clues[0], clues[1], trees=True)
    with_file = probes.probe("file", "", files[0], files[1], trees=True)
    return Control(
        "conditions_probe", "A classifier that sees how the photo was taken alone",
        "chance: area 0.5, from the conditions alone and with file size, brightness, contrast and colour",
        all_of(at_chance(drawn_alone, 0.5), at_chance(with_file, 0.5)),
        {"conditions": brief(drawn_alone), "with file size and brightness": brief(with_file)},
    )  # fmt: skip


def run(network: CalibratedNetwork, judged: Judged, train: Pictures, count: int = AT_MOST) -> list[Control]:
    """Every control that the data set alone allows. judged: the test pictures with their answers."""
    rows = drawn(judged.pictures, count)
    pictures, answers = judged.pictures.where(rows), judged.answers.where(rows)
    few = pictures.where(drawn(pictures, count // 3, seed=1))
    return [
        face_masked(network, pictures),
        labels_shuffled(judged),
        mirror(network, few, network.answers(few)),
        background_swapped(network, pictures, answers),
        *probe_controls(train, judged.pictures),
    ]


def probe_controls(train: Pictures, test: Pictures) -> list[Control]:
    """The controls that need no network."""
    if not len(train):
        return [
            Control(
                "probes", "Classifiers that must not succeed", "chance", None, note="no training pictures"
            )
        ]
    return [
        probe_on_shuffled(train, test),
        background_probe(train, test),
        portrait_probe(train, test),
        conditions_probe(train, test),
    ]
