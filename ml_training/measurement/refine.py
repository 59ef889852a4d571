"""Fit the correction of the landmarks' pull towards symmetry: `python -m ml_training.measurement.refine`.

    python -m ml_training.measurement.refine --data ml_training/data/v3 --locator LOCATOR.keras --out refinement.npz

Ridge regression from the even and odd parts of what was found (see `inference.pipeline.measure.refinement`), fitted
on training people, each group of points in the views in which it is read. The number of axes is chosen on validation
people, and so is how much of the correction is made: no more than leaves every measure of healthy faces as good as it
was. Test people are left to `ml_training.measurement.study`.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from inference.pipeline.codes import SIDES, VIEWS
from inference.pipeline.measure import BY_NAME, FramedFace, Measure, frame
from inference.pipeline.measure.refinement import EXTRA, LID_KNOTS, Refinement, framed, parts, save, split
from inference.pipeline.places import BETWEEN, with_places
from ml_training import sources
from ml_training.measurement import tables
from ml_training.measurement.tables import Located

AXES, STIFFNESS = (32, 64, 96, 128), 300.0
"""How many principal axes of each part are tried, and the ridge's penalty. Products of both parts as further terms were
tried too: they left 1 % less error on weak faces and 5 % more on healthy ones, and went."""
SHRINKS = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.0)
NO_WORSE = (0.99, 1.0)
"""What may be left of healthy faces' error in the asymmetry and in the sides' mean; of the first a little less than
all, since other people will differ."""
HEALTHY, WEAK_FROM = 1, 3
WEIGHTS = ("odd_weights", "even_weights", "even_offset")


@dataclass(frozen=True)
class Group:
    """Points whose true places are known, left and right or on the midline, and the measures that read them."""

    pairs: tuple[tuple[int, int], ...]
    middle: tuple[int, ...]
    measures: tuple[str, ...]

    @property
    def views(self) -> np.ndarray:
        """Indices into `VIEWS` of the views in which any of the measures is read."""
        read = {view for name in self.measures for view in BY_NAME[name].views}
        return np.array([n for n, view in enumerate(VIEWS) if view in read])


LIPS = (
    "commissure_excursion", "smile_angle", "commissure_height", "upper_lip_height", "lower_lip_height",
    "philtrum_deviation",
)  # fmt: skip
GROUPS = (
    # The eyes' corners carry the frame in which all else is measured, so this group comes first.
    Group(
        ((362, 133), (263, 33), (385, 158), (387, 160), (380, 153), (373, 144)),
        (),
        ("palpebral_fissure",),
    ),
    Group(((frame.PUPILS["left"], frame.PUPILS["right"]),), (), ("mrd1", "mrd2")),
    Group(((336, 107), (296, 66), (334, 105), (293, 63), (301, 71)), (), ("brow_height",)),
    Group(((291, 61), (269, 39), (267, 37), (405, 181), (314, 84)), (0, 17), LIPS),
    Group(((308, 78), (312, 82), (317, 87)), (13, 14), ("dental_show",)),
    Group(
        ((423, 203), (426, 206), (436, 216)),
        (),
        ("nasolabial_distance", "nasolabial_length", "nasolabial_angle"),
    ),
)
BUNDLES = ((0, 1), (2,), (3,), (4,), (5,))
"""Groups whose corrections are spared together, since measures read points of both."""
PAIRS = [pair for group in GROUPS for pair in group.pairs]
MIDDLE = [index for group in GROUPS for index in group.middle]


def columns_of(group: Group) -> np.ndarray:
    """Which columns of a part, (2K + L,), are the group's: across, down, on the midline."""
    pairs = [PAIRS.index(pair) for pair in group.pairs]
    middle = [2 * len(PAIRS) + MIDDLE.index(index) for index in group.middle]
    return np.array([*pairs, *(len(PAIRS) + n for n in pairs), *middle])


@dataclass(frozen=True)
class RefinementData:
    """Both parts of what is read, (N, E) and (N, O), and of the shifts to the true points, (N, 2K + L) each; places:
    whether the network's places are among it."""

    even: np.ndarray
    odd: np.ndarray
    even_shift: np.ndarray
    odd_shift: np.ndarray
    grade: np.ndarray
    view: np.ndarray
    places: bool


def twins(healthy: np.ndarray) -> np.ndarray:
    """(478,) each mesh point's counterpart on the other side, from healthy faces (N, 478, 3) in the eyes' frame."""
    mean = healthy.mean(0)
    apart = np.linalg.norm(mean[:, None] - mean[None] * [-1, 1, 1], axis=-1)
    twin = linear_sum_assignment(apart + apart.T)[1]
    if not (twin[twin] == np.arange(len(twin))).all():
        raise ValueError("The mesh's points don't pair up.")
    return np.asarray(twin)


def task_of(pictures: Located, pairs: np.ndarray, middle: np.ndarray) -> RefinementData:
    """The pictures as a regression, each face and its truth in the frame of its own eyes, in distances between them."""
    true = tables.true_points(pictures)
    targets = [*(left for left, _ in PAIRS), *(right for _, right in PAIRS), *MIDDLE]
    places = pictures.found.shape[1] > 0
    even, odd, shift = [], [], []
    for points, found, truth in zip(pictures.points, pictures.found, true, strict=True):
        level = start = framed(points)[0]
        if places:
            start = framed(with_places(points, found))[0]
        both = parts(level[None], pairs, middle, start[None] if places else None)
        even.append(both[0][0])
        odd.append(both[1][0])
        goal = framed(np.column_stack([truth, np.zeros(len(truth))]))[0]
        shift.append(goal[targets, :2] - start[targets, :2])
    even_shift, odd_shift = split(np.array(shift), len(PAIRS))
    return RefinementData(
        np.array(even), np.array(odd), even_shift, odd_shift, pictures.grade, pictures.view, places
    )


def solve(inputs: np.ndarray, goal: np.ndarray, stiffness: float) -> np.ndarray:
    """Ridge regression's weights (outputs, inputs)."""
    gram = inputs.T @ inputs + stiffness * np.eye(inputs.shape[1])
    return np.linalg.solve(gram, inputs.T @ goal).T


def _axes(rows: np.ndarray, count: int, own: int) -> np.ndarray:
    """(count + own, columns) principal axes over their spread; the last `own` columns are axes by themselves."""
    body = rows[:, :-own].astype(np.float64)
    values, vectors = np.linalg.eigh(body.T @ body / len(body))
    largest = np.argsort(values)[::-1][:count]
    axes = np.zeros((count + own, rows.shape[1]))
    axes[:count, :-own] = vectors[:, largest].T / np.sqrt(values[largest])[:, None]
    axes[count:, -own:] = np.diag(1 / (rows[:, -own:].std(0) + 1e-6))
    return axes


def fit(
    task: RefinementData, pairs: np.ndarray, middle: np.ndarray, axes: int, stiffness: float = STIFFNESS
) -> Refinement:
    """The correction of every group's points, each fitted in its own views.

    The columns of the lids and of the network's places, which are nearly nothing beside the rest, keep axes of their
    own.
    """
    mean, own = task.even.mean(0), len(LID_KNOTS) + EXTRA * task.places
    even_axes, odd_axes = _axes(task.even - mean, axes, own), _axes(task.odd, axes, own)
    first, second = (task.even - mean) @ even_axes.T, task.odd @ odd_axes.T
    first = np.concatenate([first, np.ones((len(first), 1))], 1)
    outputs = task.even_shift.shape[1]
    even, odd = np.zeros((outputs, first.shape[1])), np.zeros((outputs, second.shape[1]))
    for group in GROUPS:
        rows, columns = np.isin(task.view, group.views), columns_of(group)
        even[columns] = solve(first[rows], task.even_shift[rows][:, columns], stiffness)
        odd[columns] = solve(second[rows], task.odd_shift[rows][:, columns], stiffness)
    weights = even[:, :-1] @ even_axes
    offset = even[:, -1] - weights @ mean
    return Refinement(
        pairs,
        middle,
        np.array(PAIRS),
        np.array(MIDDLE),
        offset,
        weights,
        odd @ odd_axes,
        np.array(int(task.places)),
    )


def score(refinement: Refinement, task: RefinementData) -> float:
    """Root mean square of what is left in each group's views, healthy and weak faces weighing alike."""
    even = task.even_shift - task.even @ refinement.even_weights.T - refinement.even_offset
    odd = task.odd_shift - task.odd @ refinement.odd_weights.T
    left = np.concatenate([even, odd], 1) ** 2
    total = 0.0
    for group in GROUPS:
        columns = columns_of(group)
        both = left[:, np.concatenate([columns, columns + task.even_shift.shape[1]])]
        read = np.isin(task.view, group.views)
        for who in (task.grade == HEALTHY, task.grade >= WEAK_FROM):
            total += float(both[read & who].mean()) * len(columns)
    return float(np.sqrt(total / (2 * task.even_shift.shape[1])))


def _figures(measure: Measure, face: FramedFace) -> tuple[float, float]:
    """Left minus right and the sides' mean, or the whole face's value alone; px or degrees."""
    if measure.of_face is not None:
        return measure.of_face(face), 0.0
    assert measure.of_side is not None
    left, right = (measure.of_side(face, side) for side in SIDES)
    if left is None or right is None:
        return np.nan, np.nan
    return left - right, (left + right) / 2


def healthy_errors(
    refinement: Refinement, measures: list[str], healthy: Located, true: np.ndarray
) -> np.ndarray:
    """(2, measures) root mean square error of the asymmetry and of the sides' mean, on healthy faces."""
    found = []
    for name in measures:
        measure = BY_NAME[name]
        errors = []
        for n in np.flatnonzero(tables.read_in(name, healthy.view)):
            unit = float(healthy.mm_per_px[n]) if measure.unit == "mm" else 1.0
            seen = _figures(measure, FramedFace.of(refinement.apply(healthy.points[n], healthy.found[n])))
            errors.append(unit * np.subtract(seen, _figures(measure, FramedFace.of(true[n]))))
        found.append(np.sqrt(np.nanmean(np.square(errors), 0)) if errors else [np.nan, np.nan])
    return np.array(found).T


def spare_the_healthy(refinement: Refinement, val: Located) -> tuple[Refinement, dict[str, list[float]]]:
    """As much of each bundle's correction as makes healthy faces no worse, by part, and how much that is.

    The odd part is held to the asymmetry of every measure, the even part to the mean of both sides.
    """
    healthy = val.where(val.grade == HEALTHY)
    true = tables.true_points(healthy)
    shares: dict[str, list[float]] = {}
    whole = replace(refinement, **{name: 0 * getattr(refinement, name) for name in WEIGHTS})
    for bundle in BUNDLES:
        measures = [name for n in bundle for name in GROUPS[n].measures]
        columns = np.concatenate([columns_of(GROUPS[n]) for n in bundle])
        before = healthy_errors(whole, measures, healthy, true)
        for part, names in enumerate((WEIGHTS[:1], WEIGHTS[1:])):
            for share in SHRINKS:
                tried = whole
                for name in names:
                    rows = getattr(whole, name).copy()
                    rows[columns] = share * getattr(refinement, name)[columns]
                    tried = replace(tried, **{name: rows})
                after = healthy_errors(tried, measures, healthy, true)[part]
                if share == 0 or (after <= NO_WORSE[part] * before[part]).all():
                    break
            whole = tried
            shares.setdefault(measures[0], []).append(share)
    return whole, shares


def widened(refinement: Refinement) -> Refinement:
    """With the points between, which go with their neighbours; in float32."""
    k, extra = len(PAIRS), list(BETWEEN)
    blend = np.array([[BETWEEN[one].get(pair, 0.0) for pair in PAIRS] for one in extra])
    weights = {}
    for name in WEIGHTS:
        rows = getattr(refinement, name)
        across, down, middle = rows[:k], rows[k : 2 * k], rows[2 * k :]
        wide = np.concatenate([across, blend @ across, down, blend @ down, middle])
        weights[name] = wide.astype(np.float32)
    return replace(refinement, target_pairs=np.array(PAIRS + extra), **weights)


def learn(pictures: Located) -> tuple[Refinement, dict[str, object]]:
    """Fit on the training people, choose and shrink on the validation people."""
    train, val = pictures.of("train"), pictures.of("val")
    level = np.array([framed(points)[0] for points in train.points[train.grade == HEALTHY]])
    twin = twins(level)
    own = np.arange(len(twin))
    middle = np.flatnonzero(twin == own)
    left = np.flatnonzero((twin != own) & (level.mean(0)[:, 0] > 0))
    pairs = np.stack([left, twin[left]], 1)
    learned, judged = task_of(train, pairs, middle), task_of(val, pairs, middle)
    fitted = {axes: fit(learned, pairs, middle, axes) for axes in AXES}
    scores = {axes: score(refinement, judged) for axes, refinement in fitted.items()}
    best = min(AXES, key=scores.__getitem__)
    refinement, shares = spare_the_healthy(fitted[best], val)
    return widened(refinement), {"axes": best, "val_error": scores, "shares": shares}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of simulated pictures")
    parser.add_argument(
        "--locator", type=Path, help="the release's locator of landmarks (.keras), if it has one"
    )
    parser.add_argument("--out", type=Path, required=True, help="where refinement.npz goes")
    args = parser.parse_args()
    refinement, chosen = learn(tables.read(args.data, args.locator, ("train", "val")))
    save(args.out, refinement)
    print(f"{args.out}: {args.out.stat().st_size / 1024:.0f} KB, {chosen}")


if __name__ == "__main__":
    sources.told(main)
