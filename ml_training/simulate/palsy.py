"""Who is weak where: House-Brackmann grades by zones of the face, synkinesis, and what healthy faces differ in."""

from dataclasses import dataclass, field

import numpy as np

from inference.pipeline.codes import ZONES, Side

SIDES = (Side.LEFT.value, Side.RIGHT.value)
BOTH_SIDES = "both"
MOVEMENT_LEFT = {
    1: ((1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)),
    2: ((0.60, 0.95), (0.90, 1.0), (0.76, 0.98), (0.76, 0.95)),
    3: ((0.20, 0.65), (0.75, 1.0), (0.45, 0.76), (0.51, 0.75)),
    4: ((0.0, 0.10), (0.35, 0.70), (0.20, 0.50), (0.26, 0.50)),
    5: ((0.0, 0.03), (0.05, 0.30), (0.0, 0.20), (0.02, 0.25)),
    6: ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
}
"""Share of full movement in `ZONES`, by grade: the words of the scale (forehead moderate to good in II, slight to
moderate in III, none from IV; the eye closes wholly to III, with effort there, and not from IV) and, for the mouth,
its measured bands (House and Brackmann, Otolaryngol Head Neck Surg 1985;93:146-147). Where words give no figure the
range is an assumption of the simulator."""
DROOP = {1: (0.0, 0.0), 2: (0.0, 0.05), 3: (0.0, 0.15), 4: (0.1, 0.4), 5: (0.4, 0.85), 6: (0.6, 1.0)}
"""Loss of tone at rest, 0 to 1. The scale has rest asymmetric from grade V and normal to grade IV; a little
below V stands for the acute, flaccid palsy. An assumption of the simulator, not a measurement."""
SYNKINESIS_SHARE = {2: 0.15, 3: 0.35, 4: 0.45}
"""How many palsies of a grade move what was not meant to move. An assumption."""
SPARED_FOREHEAD = 0.06
"""Share of palsies of grade III to V that are central (a stroke's): forehead and eye move. An assumption."""
ODD_ZONE = 0.15
"""Share of palsies in which one zone is a good deal better or worse than its grade says. An assumption."""
BILATERAL = 0.03
HEALTHY_SPREAD = (0.07, 0.07, 0.16, 0.18)
"""Standard deviation of the natural relative difference of both sides' movement in each zone. An assumption, held
against the meshes of untouched portraits (`ml_training.evenness`); healthy people score 65 to 100 on the Sunnybrook
scale, median 95 to 96 (Picard et al., Clin Otolaryngol 2024)."""
LOPSIDED = 0.15
"""Share of people, healthy or not, who by habit smile or raise the brow more on one side. An assumption."""


@dataclass(frozen=True)
class Palsy:
    """A facial weakness. side: the patient's own weak side, "both", or None in a healthy face.

    movement: (4, 2) movement left, 0 to 1, in `ZONES` x (left, right). droop, synkinesis, contracture: (2,)
    0 to 1, left and right. pull: how far the strong side draws the mouth, 0 to 1.
    """

    grade: int = 1
    side: str | None = None
    movement: np.ndarray = field(default_factory=lambda: np.ones((len(ZONES), 2)))
    droop: np.ndarray = field(default_factory=lambda: np.zeros(2))
    synkinesis: np.ndarray = field(default_factory=lambda: np.zeros(2))
    contracture: np.ndarray = field(default_factory=lambda: np.zeros(2))
    pull: float = 0.0

    @property
    def weak_sides(self) -> tuple[int, ...]:
        """0 left, 1 right."""
        if self.side is None:
            return ()
        return (0, 1) if self.side == BOTH_SIDES else (SIDES.index(self.side),)

    @classmethod
    def sample(cls, grade: int, side: str | None, rng: np.random.Generator) -> "Palsy":
        """A palsy of the House-Brackmann `grade` on `side`; grade 1 or no side is a healthy face."""
        if grade == 1 or side is None:
            return cls()
        palsy = cls(grade=grade, side=side, pull=rng.uniform(0.15, 0.45))
        for weak in palsy.weak_sides:
            palsy.movement[:, weak] = _movement(grade, rng)
            palsy.droop[weak] = rng.uniform(*DROOP[grade])
            if rng.random() < SYNKINESIS_SHARE.get(grade, 0.0):
                palsy.synkinesis[weak] = rng.uniform(0.2, 0.8)
                palsy.droop[weak] *= 0.3
                if rng.random() < 0.5:
                    palsy.contracture[weak] = rng.uniform(0.2, 0.8) * palsy.synkinesis[weak]
        return palsy


def _movement(grade: int, rng: np.random.Generator) -> np.ndarray:
    """(4,) movement left in each zone: one draw for the whole nerve, and a little apart for each branch."""
    ranges = np.array(MOVEMENT_LEFT[grade])
    whole = rng.random()
    place = np.clip(whole + rng.normal(0, 0.3, len(ranges)), 0, 1)
    movement = ranges[:, 0] + place * (ranges[:, 1] - ranges[:, 0])
    chance = rng.random()
    if chance < SPARED_FOREHEAD and 3 <= grade <= 5:
        movement[:2] = rng.uniform(0.75, 1.0, 2)
    elif chance < SPARED_FOREHEAD + ODD_ZONE and grade < 6:
        zone = int(rng.integers(len(ranges)))
        movement[zone] = np.clip(movement[zone] + rng.choice([-1, 1]) * rng.uniform(0.1, 0.3), 0, 1)
    return np.asarray(movement)


@dataclass(frozen=True)
class Habits:
    """How one person's face differs from side to side without any palsy, the same in all photos of a visit.

    strength: (4, 2) factor on each zone's movement. at_rest: units of the face model always a little on, beside what
    the portrait's own face has.
    lopsided: the side that smiles or raises more, and by what share the other does less.
    """

    strength: np.ndarray
    at_rest: dict[str, float]
    lopsided: tuple[int, float] | None

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Habits":
        """One person's habits."""
        at_rest = {}
        for name, spread in (
            ("mouthFrown", 0.04), ("mouthDimple", 0.04), ("browDown", 0.05), ("browOuterUp", 0.04),
            ("eyeWide", 0.04), ("eyeSquint", 0.05), ("eyeBlink", 0.04), ("cheekSquint", 0.04),
        ):  # fmt: skip
            for side in ("_L", "_R"):
                at_rest[name + side] = abs(rng.normal(0, spread))
        at_rest[str(rng.choice(["mouthLeft", "mouthRight", "jawLeft", "jawRight"]))] = abs(
            rng.normal(0, 0.05)
        )
        lopsided = (int(rng.integers(2)), rng.uniform(0.2, 0.6)) if rng.random() < LOPSIDED else None
        strength = np.clip(
            1 + rng.normal(0, 1, (len(ZONES), 2)) * np.array(HEALTHY_SPREAD)[:, None], 0.6, 1.4
        )
        return cls(strength, at_rest, lopsided)
