"""What muscles do: the twelve views and the bottom teeth, and what a palsy makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference.pipeline.codes import ZONES, Exercise
from ml_training.simulate.palsy import Habits, Palsy

_SUFFIX = ("_L", "_R")
_PULL = ("mouthLeft", "mouthRight")
_ZONE_OF = (
    ("brow", "brow"), ("eye", "eye"), ("noseSneer", "midface"), ("mouthUpperUp", "midface"), ("cheekSquint", "midface"),
    ("cheekRaiser", "midface"), ("mouth", "mouth"), ("cheekPuff", "mouth"),
)  # fmt: skip
"""Prefix of a unit and the zone whose nerve branch moves it; the jaw has another nerve."""
SMILES = (Exercise.CLOSED_SMILE, Exercise.SMILE_WITH_TEETH)
CLOSURES = (Exercise.GENTLE_EYE_CLOSURE, Exercise.TIGHT_EYE_CLOSURE)
MOUTH_VIEWS = (
    *SMILES, Exercise.SHOW_TEETH, Exercise.LOWER_TEETH, Exercise.PUCKER, Exercise.NOSE_WRINKLE, Exercise.SNEER,
)  # fmt: skip
PASSIVE_CLOSURE = 0.12
"""How far a lid without its muscle sinks when the levator lets go. An assumption."""


def zone_of(unit: str) -> int | None:
    """Index into `ZONES` of the zone that a unit of the face model moves, None for the jaw and the gaze."""
    if unit.startswith("eyeLook"):
        return None
    return next((ZONES.index(zone) for prefix, zone in _ZONE_OF if unit.startswith(prefix)), None)


def attempt(rng: np.random.Generator) -> float:
    """How much of a full movement somebody makes: most people nearly all, some much less, a few more than asked."""
    return float(rng.uniform(0.3, 0.8) if rng.random() < 0.15 else rng.uniform(0.8, 1.15))


def voluntary(
    view: str, rng: np.random.Generator, done_side: int | None = None, effort: float = 1.0
) -> dict[str, float]:
    """Units (both sides where no suffix) that a healthy attempt adds to the face at rest; `done_side` is the side of a
    sneer, `effort` the share of a full movement. Lids close wholly or not at all.

    Amounts are set so that the gauge (`ml_training.simulate.gauge`) sees as much as in real people: the model's units
    are moderate movements, and full ones exceed 1.
    """
    closing = Exercise(view) in CLOSURES
    return {
        name: amount if closing and name == "eyeBlink" else amount * effort
        for name, amount in _full(view, rng, done_side).items()
    }


def _full(view: str, rng: np.random.Generator, done_side: int | None) -> dict[str, float]:
    u = rng.uniform
    match Exercise(view):
        case Exercise.REST:
            return _rest(rng)
        case Exercise.BROW_RAISE:
            units = {"browInnerUp": u(0.7, 1.2), "browOuterUp": u(1.1, 1.8)}
            return units | ({"eyeWide": u(0, 0.6)} if rng.random() < 0.6 else {}) | _mouth_at_rest(rng)
        case Exercise.GENTLE_EYE_CLOSURE:
            return {
                "eyeBlink": u(1.0, 1.1),
                "eyeLookDown": u(0.3, 0.7),  # the lid's edge follows the lower lid's curve
                "eyeSquint": u(0, 0.2),
                "browDown": u(0, 0.15),
            } | _mouth_at_rest(rng)
        case Exercise.TIGHT_EYE_CLOSURE:
            units = {
                "eyeBlink": u(1.02, 1.12),
                "eyeLookDown": u(0.4, 0.8),
                "eyeSquint": u(0.6, 1.2),
                "cheekSquint": u(0.6, 1.3),
            }
            units |= {"browDown": u(0.7, 1.5), "noseSneer": u(0, 0.5), "mouthUpperUp": u(0, 0.1)}
            return units | {"mouthSmile": u(0, 0.2), "mouthPress": u(0, 0.3)}
        case Exercise.CLOSED_SMILE:
            units = {"mouthSmile": u(0.65, 1.1), "cheekSquint": u(0, 0.6), "mouthDimple": u(0, 0.4)}
            return units | {"eyeSquint": u(0, 0.35), "mouthPress": u(0.1, 0.5), "mouthUpperUp": -0.1}
        case Exercise.SMILE_WITH_TEETH:
            units = {"mouthSmile": u(0.95, 1.4), "mouthUpperUp": u(0.5, 1.0), "cheekSquint": u(0.1, 0.8)}
            units |= {"jawOpen": u(0, 0.25) * u(0, 1), "mouthLowerDown": u(0, 0.5) * u(0, 1)}
            return units | {"eyeSquint": u(0, 0.45), "mouthDimple": u(0, 0.3), "mouthStretch": u(0, 0.2)}
        case Exercise.SHOW_TEETH:
            units = {
                "mouthUpperUp": u(0.15, 0.55),
                "mouthLowerDown": u(0.6, 1.3),
                "mouthStretch": u(0.5, 1.1),
            }
            return units | {"mouthSmile": u(0, 0.2), "jawOpen": u(0, 0.05), "cheekSquint": u(0, 0.2)}
        case Exercise.LOWER_TEETH:
            units = {"mouthLowerDown": u(0.9, 1.6), "mouthStretch": u(0, 0.5), "mouthUpperUp": u(0, 0.1)}
            return units | {"jawOpen": u(0, 0.05)}
        case Exercise.PUCKER:
            units = {"mouthPucker": u(1.5, 2.3), "mouthFunnel": u(0, 0.35), "cheekSquint": u(0, 0.15)}
            return units | {"mouthPress": u(0, 0.3)}
        case Exercise.NOSE_WRINKLE:
            # The model's unit draws the lip up with the nose; people wrinkle it with their lips together.
            amount = u(0.8, 1.3)
            units = {"noseSneer": amount, "mouthUpperUp": -amount * u(0.35, 0.7), "mouthSmile": u(0, 0.25)}
            units |= {"cheekSquint": u(0.2, 0.7), "mouthShrugLower": u(0, 0.35)}
            return units | {"browDown": u(0.2, 0.9), "eyeSquint": u(0.1, 0.6)}
        case Exercise.SNEER:
            s = int(rng.integers(2)) if done_side is None else done_side
            own, other = _SUFFIX[s], _SUFFIX[1 - s]
            units = {"noseSneer": u(0.7, 1.2), "mouthUpperUp": u(0.4, 1), "mouthSmile": u(0, 0.35)}
            units |= {"cheekSquint": u(0.1, 0.6), "browDown": u(0, 0.3)}
            leak = u(0, 0.25)  # few people can keep the other side quite still
            return {n + own: a for n, a in units.items()} | {n + other: leak * a for n, a in units.items()}
        case Exercise.PUFF_CHEEK:
            units = {"cheekPuff": u(1.6, 3.0), "mouthPress": u(0.2, 0.8), "mouthPucker": u(0, 0.2)}
            return units | {"mouthRollLower": u(0, 0.3), "mouthRollUpper": u(0, 0.3)}
        case Exercise.OPEN_MOUTH:
            units = {"jawOpen": u(0.35, 0.95), "mouthFunnel": u(0, 0.25), "mouthStretch": u(0, 0.25)}
            return units | {"mouthLowerDown": u(0, 0.35), "mouthUpperUp": u(0, 0.2)}
    raise ValueError(f"{view} is not a view of its own.")


def _rest(rng: np.random.Generator) -> dict[str, float]:
    """Between two photos the same face at rest differs a little: lips part, press or curl, brows and lids vary. How
    full, slack, uneven or old it is, is the portrait's own."""
    slight = {
        "jawOpen": 0.04, "mouthPress": 0.15, "mouthSmile": 0.06, "mouthFrown": 0.1, "mouthPucker": 0.12,
        "mouthRollLower": 0.15, "mouthRollUpper": 0.15, "mouthShrugLower": 0.15, "browDown": 0.15, "browInnerUp": 0.1,
        "eyeSquint": 0.15, "cheekPuff": 0.1, "mouthDimple": 0.08, "eyeBlink": 0.15,
    }  # fmt: skip
    chosen = rng.choice(list(slight), size=int(rng.integers(0, 4)), replace=False)
    return {name: rng.uniform(0, slight[name]) for name in map(str, chosen)}


def _mouth_at_rest(rng: np.random.Generator) -> dict[str, float]:
    return {k: v for k, v in _rest(rng).items() if k.startswith(("mouth", "jaw"))}


def _mannerisms(units: dict[str, float], view: str, rng: np.random.Generator) -> None:
    """What healthy and weak faces alike add: brows and lids that move along."""
    if view not in (Exercise.REST, Exercise.BROW_RAISE) and rng.random() < 0.3:
        for name in ("browDown", "browOuterUp", "browInnerUp", "eyeSquint", "eyeWide"):
            units[name] = units.get(name, 0) + rng.uniform(0, 0.25) * rng.random()
    if view not in CLOSURES and rng.random() < 0.2:
        units["eyeBlink"] = units.get("eyeBlink", 0) + rng.uniform(0, 0.25)


GIVES_WAY = {
    Exercise.BROW_RAISE: (("brow", 0.3), ("eyeSquint", 0.5)),
    Exercise.GENTLE_EYE_CLOSURE: (("eyeWide", 0.0), ("eyeSquint", 0.3)),
    Exercise.TIGHT_EYE_CLOSURE: (("eyeWide", 0.0), ("brow", 0.5)),
    Exercise.OPEN_MOUTH: (("mouth", 0.5),),
    Exercise.PUFF_CHEEK: (("jaw", 0.0), ("mouthClose", 0.0), ("mouth", 0.6)),
    Exercise.NOSE_WRINKLE: (("jaw", 0.2), ("mouthClose", 0.2), ("mouth", 0.6)),
    Exercise.CLOSED_SMILE: (("jaw", 0.0), ("mouthClose", 0.0), ("mouth", 0.3)),
} | dict.fromkeys(
    (Exercise.SMILE_WITH_TEETH, Exercise.SHOW_TEETH, Exercise.LOWER_TEETH, Exercise.PUCKER),
    (("jaw", 0.3), ("mouth", 0.3)),
)
"""By view: units by their beginning, and how much of a face's own expression at rest is left in a full movement (the
first that fits)."""


def _yielded(names: Sequence[str], resting: np.ndarray, view: str, effort: float, palsy: Palsy) -> np.ndarray:
    """(U,) what is left of the expression at rest: it gives way where the movement is made, and stays where a side
    can't move."""
    left = resting.astype(np.float32).copy()
    for n, name in enumerate(names):
        share = next((s for start, s in GIVES_WAY.get(Exercise(view), ()) if name.startswith(start)), 1.0)
        zone, side = zone_of(name), _side(name)
        moved = (
            1.0
            if zone is None
            else palsy.movement[zone].mean()
            if side is None
            else palsy.movement[zone, side]
        )
        left[n] *= 1 - (1 - share) * min(1.0, effort) * moved
    return left


@dataclass(frozen=True)
class DrawnExpression:
    """An expression. weights: (U,) all of it; moved: (U,) what the movement added to the face at rest."""

    weights: np.ndarray
    moved: np.ndarray


def expression(
    names: Sequence[str],
    view: str,
    palsy: Palsy,
    habits: Habits,
    rng: np.random.Generator,
    done_side: int | None = None,
    resting: np.ndarray | None = None,
) -> DrawnExpression:
    """One attempt at a view by a face with these habits, this palsy and this expression at rest, (U,)."""
    effort = 1.0 if view == Exercise.REST else attempt(rng)
    moved = weights(names, view, palsy, habits, rng, done_side, effort=effort)
    if resting is None:
        return DrawnExpression(moved, moved)
    left = _yielded(names, resting, view, effort, palsy)
    for n, name in enumerate(names):
        if name.startswith("eyeBlink"):
            moved[n] *= 1 - min(
                1.0, max(0.0, float(left[n]))
            )  # a lid that hangs has less of its way before it
    return DrawnExpression(left + moved, moved)


SHOWN_BY = {
    Exercise.BROW_RAISE: ("browInnerUp", "browOuterUp", 0.7),
    Exercise.GENTLE_EYE_CLOSURE: ("eyeBlink", "", 0.45),
    Exercise.TIGHT_EYE_CLOSURE: ("eyeBlink", "", 0.45),
    Exercise.CLOSED_SMILE: ("mouthSmile", "", 0.22),
    Exercise.SMILE_WITH_TEETH: ("mouthSmile", "mouthUpperUp", 0.4),
    Exercise.SHOW_TEETH: ("mouthLowerDown", "mouthUpperUp", 0.5),
    Exercise.LOWER_TEETH: ("mouthLowerDown", "", 0.5),
    Exercise.PUCKER: ("mouthPucker", "", 0.6),
    Exercise.NOSE_WRINKLE: ("noseSneer", "", 0.35),
    Exercise.SNEER: ("noseSneer", "mouthUpperUp", 0.5),
    Exercise.PUFF_CHEEK: ("cheekPuff", "", 1.2),
    Exercise.OPEN_MOUTH: ("jawOpen", "", 0.15),
}
"""By view: one or two units, and how far they must move, added up, on the side that moves more."""


def is_shown(names: Sequence[str], view: str, moved: np.ndarray) -> bool:
    """Whether what moved (U,) can be told from rest: a total palsy of both sides puckers nothing."""
    if view == Exercise.REST:
        return True
    first, second, least = SHOWN_BY[Exercise(view)]
    of = dict(zip(names, moved.tolist(), strict=True))
    sides = ("",) if first in of else _SUFFIX
    return max(of.get(first + s, 0.0) + (of.get(second + s, 0.0) if second else 0.0) for s in sides) >= least


def weights(
    names: Sequence[str],
    view: str,
    palsy: Palsy,
    habits: Habits,
    rng: np.random.Generator,
    done_side: int | None = None,
    mannerisms: bool = True,
    effort: float = 1.0,
) -> np.ndarray:
    """Weights (len(names),) of what moves in one attempt at a view by a face with these habits and this palsy."""
    units = voluntary(view, rng, done_side, effort)
    if mannerisms:
        _mannerisms(units, view, rng)
    both: dict[str, float] = {}
    for name, amount in units.items():
        for each in [name] if name in names else [name + s for s in _SUFFIX]:
            both[each] = both.get(each, 0) + amount
    _habitual(both, view, habits, rng)
    moved = _weakened(both, view, palsy, rng) if palsy.side else both
    vector = np.zeros(len(names), np.float32)
    for name, amount in moved.items():
        vector[names.index(name)] += amount
    return vector


def _side(name: str) -> int | None:
    return _SUFFIX.index(name[-2:]) if name.endswith(_SUFFIX) else None


def _habitual(units: dict[str, float], view: str, habits: Habits, rng: np.random.Generator) -> None:
    """Both sides of a healthy face never move quite alike; some people smile on one side."""
    for name in units:
        side, zone = _side(name), zone_of(name)
        if side is None or zone is None:
            continue
        factor = habits.strength[zone, side] * (1 + rng.normal(0, 0.04))
        if view in CLOSURES and name.startswith("eyeBlink"):
            factor = 1.0  # a healthy eye closes
        if habits.lopsided and habits.lopsided[0] != side:
            smiles = view in (*SMILES, Exercise.SHOW_TEETH) and name.startswith(
                ("mouthSmile", "mouthUpperUp")
            )
            if smiles or (view == Exercise.BROW_RAISE and name.startswith("browOuterUp")):
                factor *= 1 - habits.lopsided[1]
        units[name] *= factor
    for name, amount in habits.at_rest.items():
        units[name] = units.get(name, 0) + amount


def _weakened(units: dict[str, float], view: str, palsy: Palsy, rng: np.random.Generator) -> dict[str, float]:
    """Less movement on a weak side, the mouth drawn to the strong one, droop, contracture, synkinesis."""
    result = dict(units)
    for name, amount in units.items():
        side, zone = _side(name), zone_of(name)
        if side is not None and zone is not None:
            result[name] = amount * palsy.movement[zone, side]
    extra: dict[str, float] = {}

    def add(name: str, amount: float) -> None:
        extra[name] = extra.get(name, 0) + float(amount)

    for side in palsy.weak_sides:
        s, strong = _SUFFIX[side], 1 - side
        kept = palsy.movement[ZONES.index("mouth"), side]
        activity = sum(a for n, a in units.items() if n.startswith("mouth") and n.endswith(_SUFFIX[strong]))
        mouth = min(1.0, sum(a for n, a in units.items() if n.startswith(("mouth", "jaw"))) / 2)
        droop, twitch, short = palsy.droop[side], palsy.synkinesis[side], palsy.contracture[side]
        if palsy.side != "both":
            add(_PULL[strong], palsy.pull * (1 - kept) * min(1.0, activity) + 0.25 * droop)
        add("mouthFrown" + s, 0.6 * droop)
        add("mouthStretch" + s, 0.1 * droop)
        add("browDown" + s, 0.45 * droop)
        add("eyeWide" + s, 0.3 * droop * (view not in CLOSURES))
        for name, share in (("mouthSmile", -0.12), ("cheekSquint", -0.2), ("noseSneer", -0.12)):
            add(name + s, share * droop)  # the nasolabial fold flattens
        add("eyeSquint" + s, 0.4 * short)
        add("mouthDimple" + s, 0.25 * short)
        add("mouthSmile" + s, 0.15 * short)
        if view in MOUTH_VIEWS:
            add("eyeSquint" + s, 0.6 * twitch * mouth)
            add("eyeBlink" + s, 0.35 * twitch * mouth)
        if view in CLOSURES or view == Exercise.BROW_RAISE:
            add("mouthSmile" + s, 0.45 * twitch)
            add("mouthDimple" + s, 0.3 * twitch)
            add("mouthShrugLower" + s, 0.5 * twitch)
        if view == Exercise.PUFF_CHEEK:
            _flaccid_cheek(add, units, s, kept, palsy.side != "both", rng)
        if view in CLOSURES:
            _lagophthalmos(result, add, view, s, palsy.movement[ZONES.index("eye"), side], rng)
    for name, amount in extra.items():
        result[name] = result.get(name, 0) + amount
    return result


Add = Callable[[str, float], None]
"""Adds so much of a unit to what moves."""


def _flaccid_cheek(
    add: Add, units: Mapping[str, float], suffix: str, kept: float, sealed: bool, rng: np.random.Generator
) -> None:
    """A cheek without tone either fills more than the other, which seals the lips, or the lips let the air go."""
    full = units.get("cheekPuff" + suffix, 0)
    if rng.random() < 0.35 and sealed:
        add("cheekPuff" + suffix, full * (1 - kept) * rng.uniform(0.8, 1.3))
    else:
        add("mouthLowerDown" + suffix, (1 - kept) * rng.uniform(0, 0.3))


def _lagophthalmos(
    result: dict[str, float], add: Add, view: str, suffix: str, kept: float, rng: np.random.Generator
) -> None:
    """The lid that does not reach the other: from grade IV on, and barely in a gentle closure of grade III; the eye
    turns up beneath it (Bell's phenomenon)."""
    effort = 0.12 if view == Exercise.TIGHT_EYE_CLOSURE else 0.0
    reach = PASSIVE_CLOSURE + (1 - PASSIVE_CLOSURE) * min(1.0, max(0.0, kept + effort) / 0.85)
    result["eyeBlink" + suffix] = min(1.0, reach) * rng.uniform(0.97, 1.03)
    if reach < 0.95:
        result["eyeLookDown" + suffix] = 0.0
    if reach < 0.95 and rng.random() < 0.8:
        add("eyeLookUp" + suffix, rng.uniform(0.4, 1.0))
