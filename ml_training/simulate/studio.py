"""One simulated visit in front of the camera: every view of one person, with all that is known of each picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from inference.pipeline.align import Jitter, crop_face
from inference.pipeline.codes import IRIS_DIAMETER_MM, VIEWS, Exercise
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.places import PLACES
from ml_training.datasets import BOTH, CONDITIONS, NEITHER, UNKNOWN_VIEW
from ml_training.portraits import Portrait
from ml_training.simulate.accessories import Look, wear
from ml_training.simulate.expressions import DrawnExpression, expression, is_shown
from ml_training.simulate.eyes import IRIS_CENTRES
from ml_training.simulate.fit import Fit
from ml_training.simulate.marks import marked
from ml_training.simulate.palsy import BILATERAL, BOTH_SIDES, SIDES, Habits, Palsy
from ml_training.simulate.photography import Shot, cut, expose
from ml_training.simulate.render import Renderer, Subject, random_light, subject
from ml_training.simulate.turn import Turn, depth_map

GRADE_SHARES = (0.42, 0.10, 0.12, 0.12, 0.12, 0.12)
"""How often each House-Brackmann grade, I to VI, is drawn for a visit."""
JITTER = 0.04
"""Shift and scale of training crops, as a share of the interocular distance."""
IRIS_RIM = {473: (474, 475, 476, 477), 468: (469, 470, 471, 472)}
CHEEK_PATCH = 0.08
Row = dict[str, object]


@dataclass(frozen=True)
class Sitter:
    """A portrait ready to be photographed. person_mask: (h, w) 0 to 1; iris_px: (2,)
    diameters in the portrait, left and right; skin_ita: degrees; lines: how deep this person's skin folds."""

    portrait: Portrait
    subject: Subject
    person_mask: np.ndarray
    iris_px: np.ndarray
    skin_ita: float
    lines: float

    @property
    def mm_per_px(self) -> float:
        """Of the untouched portrait, by its irises."""
        return float(IRIS_DIAMETER_MM / self.iris_px.mean())


def skin_ita(image: np.ndarray, points: np.ndarray) -> float:
    """Individual typology angle of the cheeks, degrees: atan((L* - 50) / b*); high is light."""
    radius = max(2, int(CHEEK_PATCH * np.linalg.norm(points[133, :2] - points[362, :2])))
    values = []
    for x, y in np.round(points[[50, 280], :2]).astype(int):
        patch = image[max(0, y - radius) : y + radius, max(0, x - radius) : x + radius]
        if patch.size:
            lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
            values.append(np.median(lab, 0))
    if not values:
        return float("nan")
    lightness, _, yellow = np.mean(values, 0)
    return float(np.degrees(np.arctan2(lightness - 50, max(yellow, 1e-3))))


def sitter(renderer: Renderer, portrait: Portrait, fitted: Fit, mask: np.ndarray) -> Sitter:
    """Prepare a fitted portrait."""
    points = portrait.points[:, :2].astype(np.float64)
    iris = [np.linalg.norm(points[list(IRIS_RIM[i])] - points[i], axis=1).mean() * 2 for i in IRIS_CENTRES]
    return Sitter(
        portrait,
        subject(renderer.model, portrait.image, portrait.points, fitted),
        mask,
        np.array(iris),
        skin_ita(portrait.image, portrait.points),
        float(np.clip(np.random.default_rng(int(portrait.sha256[:12], 16)).normal(0.6, 0.3), 0.1, 1.3)),
    )


class Studio:
    """Renders, photographs and measures; holds one OpenGL context and one face mesh."""

    def __init__(self, renderer: Renderer, mesh: FaceMesh, size: int) -> None:
        self.renderer, self.mesh, self.size = renderer, mesh, size

    def visit(self, sitter: Sitter, name: str, seed: list[int], repeats: int = 0) -> list[Row]:
        """Rows (fields of `datasets.Pictures`) of every view of one visit; two of the views are taken `repeats`
        times more, with the same expression. Pictures in which the mesh finds no face are left out."""
        rng = np.random.default_rng(seed)
        grade = int(rng.choice(6, p=GRADE_SHARES)) + 1
        side = None if grade == 1 else BOTH_SIDES if rng.random() < BILATERAL else str(rng.choice(SIDES))
        palsy, habits, look = Palsy.sample(grade, side, rng), Habits.sample(rng), Look.sample(rng)
        again = set(rng.choice(len(VIEWS), 2, replace=False).tolist()) if repeats else set()
        rows = []
        for number, view in enumerate(VIEWS):
            done = int(rng.integers(2)) if view == Exercise.SNEER else None
            units = self.renderer.model.units
            made = expression(units, view, palsy, habits, rng, done, sitter.subject.fit.expression)
            shown = number if is_shown(units, view, made.moved) else UNKNOWN_VIEW
            told: Row = {"view": shown, "done_side": NEITHER if done is None else done, "visit": name}
            taken = self._taken(sitter, made, look, rng, 1 + repeats * (number in again))
            rows += [row | told for row in taken]
        return [row | _truth_of(palsy) for row in rows]

    def _taken(
        self, sitter: Sitter, made: DrawnExpression, look: Look, rng: np.random.Generator, times: int
    ) -> list[Row]:
        """The same face, photographed a number of times."""
        person, rows, vector = sitter.subject, [], made.weights
        drawn = self.renderer.draw(person, vector, light=random_light(rng))
        now = self.renderer.moved(person, vector)
        mesh = person.carried(now, range(478))
        moved = dict(zip(self.renderer.model.units, made.moved.tolist(), strict=True))
        drawn = marked(drawn, mesh, moved, sitter.lines, int(rng.integers(2**31)))
        dressed = wear(drawn, mesh, look, sitter.person_mask)
        depth = depth_map(now, drawn.shape[:2])
        for _ in range(times):
            shot = Shot.sample(rng, person.face_width)
            turn = Turn(
                shot.pose, depth, drawn.shape[:2], person.points[4, :2].astype(float), person.face_width
            )
            turned = turn.picture(dressed)
            top, bottom = cut(turned.shape[0], turn.points(mesh), rng)
            photo = expose(turned[top:bottom], shot)
            jitter = Jitter(*rng.uniform(-JITTER, JITTER, 3))
            faces = self.mesh.find(photo)
            if faces:
                told = shot.conditions | {
                    "glasses": float(look.glasses > 0), "beard": look.beard, "covered": max(look.fringe, look.scarf),
                    "skin_ita_deg": sitter.skin_ita,
                }  # fmt: skip
                row = {
                    "crops": crop_face(photo, faces[0], self.size, jitter),
                    "points": faces[0],
                    "photo_size": np.array([photo.shape[1], photo.shape[0]]),
                    "weights": vector,
                    "conditions": np.array([told[name] for name in CONDITIONS], np.float32),
                    "person": sitter.portrait.person,
                    "split": sitter.portrait.split,
                    "source": "simulated",
                    "covered": look.covers,
                }
                rows.append(row | self._places(sitter, vector, now, turn, top))
        return rows

    def _places(self, sitter: Sitter, vector: np.ndarray, now: np.ndarray, turn: Turn, top: int) -> Row:
        """True places in the photo, whose upper `top` lines were cut off, and in the head, and the scale."""
        person, model = sitter.subject, self.renderer.model
        which = list(PLACES)
        vertex = person.nearest[which]
        head = (person.shape + model.offsets(vector))[vertex]
        centres = person.carried(now, IRIS_CENTRES)
        rims = np.concatenate([centres, centres + [[1, 0], [1, 0]], centres + [[0, 1], [0, 1]]])
        seen = turn.points(rims).reshape(3, 2, 2)
        grown = (np.linalg.norm(seen[1:] - seen[0], axis=-1)).mean(0)
        per_px = sitter.mm_per_px / float(grown.mean())
        return {
            "truth": (turn.points(person.carried(now, which)) - [0, top]).astype(np.float32),
            "truth_mm": (head * person.fit.scale * sitter.mm_per_px).astype(np.float32),
            "iris": np.column_stack([seen[0] - [0, top], sitter.iris_px * grown]).astype(np.float32),
            "mm_per_px": np.float32(per_px),
        }


def _truth_of(palsy: Palsy) -> Row:
    side = {None: NEITHER, BOTH_SIDES: BOTH}.get(palsy.side)
    return {
        "grade": palsy.grade,
        "side": SIDES.index(str(palsy.side)) if side is None else side,
        "zones": palsy.movement.astype(np.float32),
        "droop": palsy.droop.astype(np.float32),
        "synkinesis": palsy.synkinesis.astype(np.float32),
    }
