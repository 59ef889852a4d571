"""What muscles do: the six exercises, a healthy face's asymmetry, and a palsy's loss of movement."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.pipeline.codes import Exercise, Side

MOVEMENT_KEPT = {
    1: (1.0, 1.0),
    2: (0.76, 0.99),
    3: (0.51, 0.75),
    4: (0.26, 0.50),
    5: (0.01, 0.25),
    6: (0.0, 0.0),
}
"""Share of the strong side's movement that the weak side keeps, by House-Brackmann grade: the scale's own
measured bands (House and Brackmann, Otolaryngol Head Neck Surg 1985;93:146-147)."""
DROOP = {1: (0.0, 0.0), 2: (0.0, 0.0), 3: (0.0, 0.1), 4: (0.1, 0.35), 5: (0.4, 0.8), 6: (0.6, 1.0)}
"""Loss of tone at rest, 0 to 1. The scale has rest asymmetric from grade V and normal to grade IV; a little
below V stands for the acute, flaccid palsy. An assumption of the simulator, not a measurement."""
SYNKINESIS_SHARE = {3: 0.15, 4: 0.2}
"""How many simulated palsies of a grade narrow the weak eye while the mouth moves. An assumption."""
HEALTHY_SPREAD = 0.08
"""Standard deviation of the natural relative difference of both sides' movement. An assumption."""
HEALTHY_LOPSIDED = 0.05
"""Share of healthy smiles that are one-sided by habit. An assumption."""

_OTHER = {"_L": "_R", "_R": "_L"}
_SUFFIX = {Side.LEFT.value: "_L", Side.RIGHT.value: "_R"}
_PULL = {"_L": "mouthLeft", "_R": "mouthRight"}
_UPPER_FACE = ("brow", "eye")


@dataclass(frozen=True)
class Palsy:
    """A facial weakness; `side` is the patient's own weak side and None in a healthy face.

    upper, lower: movement kept in the upper and lower face, 0 to 1. droop: loss of tone at rest, 0 to 1.
    pull: how far the strong side draws the mouth, 0 to 1. synkinesis: involuntary eye narrowing, 0 to 1.
    """

    grade: int = 1
    side: str | None = None
    upper: float = 1.0
    lower: float = 1.0
    droop: float = 0.0
    pull: float = 0.0
    synkinesis: float = 0.0

    @classmethod
    def sample(cls, grade: int, side: str | None, rng: np.random.Generator) -> "Palsy":
        """A palsy of the House-Brackmann `grade` on `side`; grade 1 is a healthy face."""
        if grade == 1 or side is None:
            return cls()
        twitches = rng.random() < SYNKINESIS_SHARE.get(grade, 0.0)
        return cls(
            grade=grade,
            side=side,
            upper=rng.uniform(*MOVEMENT_KEPT[grade]),
            lower=rng.uniform(*MOVEMENT_KEPT[grade]),
            droop=rng.uniform(*DROOP[grade]),
            pull=rng.uniform(0.15, 0.4),
            synkinesis=rng.uniform(0.3, 0.6) if twitches else 0.0,
        )


def voluntary(exercise: str, rng: np.random.Generator, side: str | None = None) -> dict[str, float]:
    """Units (both sides where no suffix) of a healthy attempt; `side` is the side of a sneer."""
    u = rng.uniform
    match Exercise(exercise):
        case Exercise.REST:
            return _rest(rng)
        case Exercise.SMILE:
            units = {"mouthSmile": u(0.45, 1), "cheekSquint": u(0.1, 0.6), "mouthDimple": u(0, 0.4)}
            units["eyeSquint"] = u(0, 0.3)
            if rng.random() < 0.45:  # with teeth
                units |= {"mouthUpperUp": u(0.15, 0.5), "jawOpen": u(0, 0.1), "mouthSmile": u(0.6, 1)}
            return units
        case Exercise.SHOW_TEETH:
            units = {"mouthUpperUp": u(0.5, 1), "mouthLowerDown": u(0.5, 1), "mouthStretch": u(0.4, 0.9)}
            return units | {"mouthSmile": u(0, 0.3), "jawOpen": u(0, 0.06), "cheekSquint": u(0, 0.3)}
        case Exercise.OPEN_MOUTH:
            units = {"jawOpen": u(0.25, 1), "mouthFunnel": u(0, 0.25)}
            return units | {"mouthLowerDown": u(0.05, 0.35), "mouthStretch": u(0, 0.2)}
        case Exercise.PUFF_CHEEK:
            units = {"cheekPuff": u(0.6, 1.2), "mouthPress": u(0.15, 0.6), "mouthPucker": u(0, 0.35)}
            return units | {"mouthRollLower": u(0, 0.3), "mouthRollUpper": u(0, 0.3)}
        case Exercise.SNEER:
            s = _SUFFIX[side or str(rng.choice(["left", "right"]))]
            units = {"noseSneer" + s: u(0.6, 1), "mouthUpperUp" + s: u(0.4, 1), "mouthSmile" + s: u(0, 0.35)}
            units |= {"cheekSquint" + s: u(0.1, 0.5), "browDown" + s: u(0, 0.3)}
            leak = u(0, 0.25)  # few people can keep the other side quite still
            return units | {n[:-2] + _OTHER[s]: leak * a for n, a in units.items()}


def _rest(rng: np.random.Generator) -> dict[str, float]:
    """No face at rest is quite blank: lips part, press or curl a little, brows and lids vary."""
    slight = {
        "jawOpen": 0.04, "mouthPress": 0.15, "mouthSmile": 0.12, "mouthFrown": 0.15, "mouthPucker": 0.12,
        "mouthRollLower": 0.15, "mouthShrugLower": 0.2, "browDown": 0.2, "browInnerUp": 0.2, "eyeSquint": 0.2,
    }  # fmt: skip
    chosen = rng.choice(list(slight), size=int(rng.integers(0, 4)), replace=False)
    return {name: rng.uniform(0, slight[name]) for name in map(str, chosen)}


def _mannerisms(units: dict[str, float], exercise: str, rng: np.random.Generator) -> dict[str, float]:
    """What healthy and weak faces alike add: brows and lids that move along."""
    if exercise != Exercise.REST and rng.random() < 0.35:
        for name in ("browDown", "browOuterUp", "browInnerUp", "eyeSquint", "eyeWide"):
            units[name] = units.get(name, 0) + rng.uniform(0, 0.25)
    if rng.random() < 0.25:
        units["eyeBlink"] = rng.uniform(0, 0.2)
    return units


def weights(
    names: Sequence[str],
    exercise: str,
    palsy: Palsy,
    rng: np.random.Generator,
    sneer_side: str | None = None,
    mannerisms: bool = True,
) -> np.ndarray:
    """Expression weights (57,) of one attempt at an exercise by a face with the given palsy."""
    units = voluntary(exercise, rng, sneer_side)
    if mannerisms:
        units = _mannerisms(units, exercise, rng)
    both = {n: amount for name, amount in units.items() for n in _sides(name, names)}
    both = _natural_asymmetry(both, exercise, palsy, rng)
    vector = np.zeros(len(names), np.float32)
    for name, amount in (_weakened(both, palsy) if palsy.side else both).items():
        vector[names.index(name)] += amount
    return vector


def _sides(name: str, names: Sequence[str]) -> list[str]:
    return [name] if name in names else [name + "_L", name + "_R"]


def _natural_asymmetry(
    units: dict[str, float], exercise: str, palsy: Palsy, rng: np.random.Generator
) -> dict[str, float]:
    """Both sides of a healthy face never move quite alike; some people smile on one side."""
    habit = {"_L": 1.0, "_R": 1.0}
    if exercise == Exercise.SMILE and palsy.side is None and rng.random() < HEALTHY_LOPSIDED:
        habit[str(rng.choice(["_L", "_R"]))] = rng.uniform(0.5, 0.85)
    person = {s: 1 + rng.normal(0, HEALTHY_SPREAD) for s in ("_L", "_R")}
    result = {}
    for name, amount in units.items():
        side = name[-2:]
        if side in person:
            amount *= max(0.0, person[side] + rng.normal(0, HEALTHY_SPREAD / 2))
            amount *= habit[side] if name.startswith("mouth") else 1.0
        result[name] = amount
    for name in ("mouthFrown", "mouthDimple", "browDown", "eyeWide"):  # nobody is symmetric at rest
        side = str(rng.choice(["_L", "_R"]))
        result[name + side] = result.get(name + side, 0) + abs(rng.normal(0, 0.03))
    return result


def _weakened(units: dict[str, float], palsy: Palsy) -> dict[str, float]:
    """Less movement on the weak side, the mouth drawn to the strong one, droop, synkinesis."""
    weak = _SUFFIX[str(palsy.side)]
    strong = _OTHER[weak]
    result, strong_mouth, mouth = dict(units), 0.0, 0.0
    for name, amount in units.items():
        if name.endswith(weak):
            result[name] = amount * (palsy.upper if name.startswith(_UPPER_FACE) else palsy.lower)
        if name.startswith("mouth") and name.endswith(strong):
            strong_mouth += amount
        if name.startswith(("mouth", "jaw")):
            mouth += amount
    drawn = palsy.pull * (1 - palsy.lower) * min(1.0, strong_mouth)
    extra = {
        _PULL[strong]: drawn + 0.25 * palsy.droop,
        "mouthFrown" + weak: 0.6 * palsy.droop,
        "browDown" + weak: 0.45 * palsy.droop,
        "eyeWide" + weak: 0.25 * palsy.droop,
        "mouthStretch" + weak: 0.1 * palsy.droop,
        "eyeSquint" + weak: palsy.synkinesis * min(1.0, mouth),
    }
    for name, amount in extra.items():
        result[name] = result.get(name, 0) + amount
    return result
