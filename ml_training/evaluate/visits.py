"""Several views of one visit: how much each tells, fitted on validation people, and how good the whole is.

The arithmetic is `inference.pipeline.visit.combine`'s own; here it is only written for many visits at once, to fit it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.optimize import minimize

from inference.pipeline.codes import GRADES, SIDES, VIEWS, ZONES
from inference.pipeline.visit import DEFAULTS, SMALLEST, STRONGEST, VisitFindings, combine
from ml_training import calibrate
from ml_training.datasets import BOTH, Pictures
from ml_training.evaluate.answers import Answers
from ml_training.evaluate.figures import CLEAR_FROM
from ml_training.evaluate.intervals import Figure, Sample, quadratic_kappa

SUBSETS = (12, 6, 3, 1)
"""How many views of each visit the fit sees: some are missing in the clinic; one photo must not be oversure."""
LARGEST_WEIGHT = 2.0
PLAIN = 0.8
PULLS = (0.02, 0.1, 0.5, 2.5)
"""How strongly weights may be held near the plain one, in log loss per mean squared distance."""
FOLDS = 3
Loss = Callable[[np.ndarray, float], float]
SMALLEST_SPREAD = 0.05


@dataclass(frozen=True)
class Visits:
    """Visits as rows, views as columns; a photo that is missing has no evidence (zeros) and `seen` False.

    grades: (V, 12, 6) held log ratios; sides: (V, 12) log odds of the right side; seen: (V, 12) bool; grade, side:
    (V,); person: (V,) text.
    """

    grades: np.ndarray
    sides: np.ndarray
    seen: np.ndarray
    grade: np.ndarray
    side: np.ndarray
    person: np.ndarray

    def where(self, chosen: np.ndarray) -> "Visits":
        """Only some visits, by a mask."""
        return Visits(*(getattr(self, f.name)[chosen] for f in fields(self)))


def by_visit(pictures: Pictures) -> Iterator[tuple[str, np.ndarray]]:
    """(visit, rows) of each visit; pictures without a visit, or of an unknown view, are left out."""
    order = np.argsort(pictures.visit, kind="stable")
    order = order[pictures.view[order] >= 0]
    if not len(order):
        return
    names, starts = np.unique(pictures.visit[order], return_index=True)
    for name, rows in zip(names.tolist(), np.split(order, starts[1:]), strict=True):
        if name:
            yield name, rows


def photos(answers: Answers, pictures: Pictures, rows: np.ndarray) -> list[dict[str, Any]]:
    """Pictures as `combine` takes photos."""
    told = []
    for row in rows.tolist():
        zones = answers.zones[row]
        right = float(answers.right[row])
        told.append(
            {
                "exercise": VIEWS[pictures.view[row]],
                "palsy_probability": float(answers.palsy[row]),
                "grade_probabilities": {
                    str(g): float(p) for g, p in zip(GRADES, answers.grades[row], strict=True)
                },
                "weak_side_probabilities": {"left": 1 - right, "right": right},
                "zones": {
                    zone: dict(zip(SIDES, map(float, pair), strict=True))
                    for zone, pair in zip(ZONES, zones, strict=True)
                    if np.isfinite(pair).all()
                },
            }
        )
    return told


def table_of(answers: Answers, pictures: Pictures, prior: np.ndarray) -> Visits:
    """The evidence of each visit, view by view."""
    logs = np.log(np.maximum(answers.grades, SMALLEST)) - np.log(prior)
    logs = np.clip(logs - logs.mean(1, keepdims=True), -STRONGEST, STRONGEST)
    right = np.clip(answers.right, SMALLEST, 1 - SMALLEST)
    odds = np.clip(np.log(right / (1 - right)), -STRONGEST, STRONGEST)
    found = list(by_visit(pictures))
    grades, sides = np.zeros((len(found), len(VIEWS), 6)), np.zeros((len(found), len(VIEWS)))
    seen = np.zeros((len(found), len(VIEWS)), bool)
    for number, (_, rows) in enumerate(found):
        for view in np.unique(pictures.view[rows]):
            these = rows[pictures.view[rows] == view]
            grades[number, view], sides[number, view] = logs[these].mean(0), odds[these].mean()
            seen[number, view] = True
    first = np.array([rows[0] for _, rows in found])
    return Visits(grades, sides, seen, pictures.grade[first], pictures.side[first], pictures.person[first])


def subsets(table: Visits, seed: int = 0) -> Visits:
    """Every visit several times, with all its views and with a few drawn ones."""
    rng = np.random.default_rng(seed)
    parts = []
    for count in SUBSETS:
        rank = np.where(table.seen, rng.random(table.seen.shape), 2).argsort(1).argsort(1)
        parts.append(table.seen & (rank < count))
    seen = np.concatenate(parts)
    times = len(SUBSETS)
    return Visits(
        np.tile(table.grades, (times, 1, 1)), np.tile(table.sides, (times, 1)), seen,
        np.tile(table.grade, times), np.tile(table.side, times), np.tile(table.person, times),
    )  # fmt: skip


def _evidence(weights: np.ndarray, correlation: float, rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Sums over the views seen of weighted evidence (V, 12, ...), tempered as in `visit`."""
    used = np.where(seen, weights, 0.0)
    total = np.einsum("vk,vk...->v...", used, rows)
    shared = 1 + np.maximum(seen.sum(1) - 1, 0) * correlation
    return np.asarray(total / shared.reshape(-1, *[1] * (total.ndim - 1)))


def grade_loss(weights: np.ndarray, correlation: float, table: Visits, prior: np.ndarray) -> float:
    """Mean log loss of the visit's grade."""
    logs = np.log(prior) + _evidence(weights, correlation, table.grades, table.seen)
    logs -= logs.max(1, keepdims=True)
    chosen = logs[np.arange(len(logs)), table.grade - 1] - np.log(np.exp(logs).sum(1))
    return float(-chosen.mean()) if len(chosen) else 0.0


def side_loss(weights: np.ndarray, correlation: float, table: Visits) -> float:
    """Mean log loss of the weak side of visits that have one."""
    odds = _evidence(weights, correlation, table.sides, table.seen)
    return float(np.logaddexp(0, np.where(table.side == 1, -odds, odds)).mean()) if len(odds) else 0.0


def _least(loss: Loss, pull: float) -> tuple[np.ndarray, float]:
    """Weights (12,) and correlation of least loss, the weights held near the plain one by `pull`."""

    def penalised(values: np.ndarray) -> float:
        return loss(values[:-1], values[-1]) + pull * float(((values[:-1] - PLAIN) ** 2).mean())

    start = np.r_[np.full(len(VIEWS), PLAIN), 0.3]
    bounds = [(0.05, LARGEST_WEIGHT)] * len(VIEWS) + [(0.0, 1.0)]
    found = minimize(penalised, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
    return found.x[:-1], float(found.x[-1])


def _fitted(loss_of: Callable[[Visits], Loss], table: Visits) -> tuple[np.ndarray, float]:
    """Weights and correlation of a head; how strongly they are held is chosen on people left out of the fit."""
    names = np.unique(table.person)
    fold = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % FOLDS, strict=True))
    folds = np.array([fold[who] for who in table.person])
    lost = []
    for pull in PULLS:
        total = 0.0
        for number in range(FOLDS):
            known, left_out = loss_of(table.where(folds != number)), loss_of(table.where(folds == number))
            total += left_out(*_least(known, pull))
        lost.append(total)
    return _least(loss_of(table), PULLS[int(np.argmin(lost))])


def fit(answers: Answers, pictures: Pictures) -> dict[str, Any]:
    """`visit` of release.json, fitted on validation people.

    prior: shares of the grades among these visits. weights and correlation of both heads make the visit's log loss
    least, over whole visits and over drawn parts of them; then the verdict's thresholds, on as many of each.
    """
    one = pictures.side != BOTH
    answers, pictures = answers.where(one), pictures.where(one)
    prior = np.maximum(np.bincount(pictures.grade - 1, minlength=6) / len(pictures), 0.01)
    prior = prior / prior.sum()
    drawn = subsets(table_of(answers, pictures, prior))
    grade, grade_shared = _fitted(lambda table: lambda w, c: grade_loss(w, c, table, prior), drawn)
    sided = drawn.where((drawn.side == 0) | (drawn.side == 1))
    side, side_shared = _fitted(lambda table: lambda w, c: side_loss(w, c, table), sided)
    parameters: dict[str, Any] = {
        "prior": [round(float(p), 4) for p in prior],
        "correlation": {"grade": round(grade_shared, 3), "side": round(side_shared, 3)},
        "weights": {
            view: {"grade": round(float(grade[n]), 3), "side": round(float(side[n]), 3)}
            for n, view in enumerate(VIEWS)
        },
        "weight": {"grade": round(float(np.median(grade)), 3), "side": round(float(np.median(side)), 3)},
        "visits": len(list(by_visit(pictures))),
    }
    parameters |= zone_spreads(answers, pictures)
    told = Told.of(answers, pictures, parameters)
    parts = [Told.of(answers, pictures, parameters, views=n) for n in SUBSETS]
    low, high = calibrate.band(np.concatenate([t.palsy for t in parts]), np.tile(told.grade, len(parts)))
    parameters |= {"palsy_low": round(low, 4), "palsy_high": round(high, 4)}
    weak = (told.grade > 1) & (told.palsy >= high)
    top = np.array([f.side_probability for f in told.findings])[weak]
    parameters["side"] = calibrate.sure_enough(top, told.likelier_right[weak], calibrate.SIDE_WANTED, 0.6)
    return parameters


def zone_spreads(answers: Answers, pictures: Pictures) -> dict[str, Any]:
    """The error of a zone's movement by the views that show the zone, and how far two views of one visit err alike.
    Nothing where the release tells no zones."""
    known = np.isfinite(answers.zones - pictures.zones).all((1, 2))
    if not known.any():
        return {}
    answers, pictures = answers.where(known), pictures.where(known)
    error = answers.zones - pictures.zones
    spreads: dict[str, dict[str, float]] = {}
    for number, zone in enumerate(ZONES):
        spreads[zone] = {}
        for view in DEFAULTS["zones"][zone]:
            names = ("closed_smile", "smile_with_teeth") if view == "smile" else (view,)
            these = error[np.isin(pictures.view, [VIEWS.index(name) for name in names]), number]
            if these.size:
                spreads[zone][view] = round(max(SMALLEST_SPREAD, float(np.sqrt((these**2).mean()))), 4)
    return {"zones": spreads, "zone_correlation": _zone_correlation(error, pictures, spreads)}


def _zone_correlation(error: np.ndarray, pictures: Pictures, spreads: Mapping[str, Any]) -> float:
    """Mean product of two views' errors in one visit, in standard deviations."""
    products, pairs = 0.0, 0
    for _, rows in by_visit(pictures):
        for number, zone in enumerate(ZONES):
            kept = [row for row in rows if VIEWS[pictures.view[row]] in spreads[zone]]
            count = len(kept)
            if count < 2:
                continue
            scaled = np.array([error[r, number] / spreads[zone][VIEWS[pictures.view[r]]] for r in kept])
            products += float(((scaled.sum(0) ** 2 - (scaled**2).sum(0)) / 2).sum())
            pairs += count * (count - 1)  # both sides of each pair
    if not pairs:
        return float(DEFAULTS["zone_correlation"])
    return round(float(np.clip(products / pairs, 0, 0.95)), 3)


@dataclass(frozen=True)
class Told:
    """Visits with what `combine` said of them, and the truth."""

    findings: list[VisitFindings]
    grade: np.ndarray
    side: np.ndarray
    zones: np.ndarray
    person: np.ndarray
    photos: np.ndarray

    @classmethod
    def of(
        cls,
        answers: Answers,
        pictures: Pictures,
        parameters: Mapping[str, Any],
        views: int = 0,
        seed: int = 0,
    ) -> "Told":
        """All visits; with `views`, of so many drawn views each."""
        rng = np.random.default_rng(seed)
        findings, first, used = [], [], []
        for _, rows in by_visit(pictures):
            if views:
                shown = rng.permutation(np.unique(pictures.view[rows]))[:views]
                rows = rows[np.isin(pictures.view[rows], shown)]
            findings.append(combine(photos(answers, pictures, rows), parameters))
            first.append(int(rows[0]))
            used.append(len(rows))
        at = np.array(first, int)
        truth = (pictures.grade[at], pictures.side[at], pictures.zones[at], pictures.person[at])
        return cls(findings, *truth, np.array(used, int))

    @property
    def palsy(self) -> np.ndarray:
        return np.array([f.palsy_probability for f in self.findings])

    @property
    def said(self) -> np.ndarray:
        return np.array([f.grade for f in self.findings])

    @property
    def likelier_right(self) -> np.ndarray:
        """(V,) whether the likelier side is the weak one, named or not; means nothing where none or both are."""
        right = np.array([f.weak_side_probabilities["right"] >= 0.5 for f in self.findings])
        return np.asarray(right == (self.side == 1))

    @property
    def named(self) -> np.ndarray:
        """(V,) whether a side is named."""
        return np.array([f.side is not None for f in self.findings])

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """(V,) lowest and highest grade of the 95 % interval."""
        return np.array([f.grade_low for f in self.findings]), np.array([f.grade_high for f in self.findings])

    def where(self, chosen: np.ndarray) -> "Told":
        """Only some visits, by a mask."""
        kept = [f for f, use in zip(self.findings, chosen, strict=True) if use]
        rest = (getattr(self, f.name)[chosen] for f in fields(self)[1:])
        return Told(kept, *rest)

    def sample(self) -> Sample:
        return Sample(self.person, self.photos)


def figures(every: Told) -> list[dict[str, Any]]:
    """The card's rows for visits. Bilateral cases are left out."""
    told = every.where(every.side != BOTH)
    if not len(told.findings):
        return []
    sample = told.sample()
    weak, clear = told.grade > 1, told.grade >= CLEAR_FROM
    verdict = np.array([f.palsy_verdict for f in told.findings])
    against, decided = clear | ~weak, (verdict != "uncertain") & (clear | ~weak)
    low, high = told.interval
    off = np.abs(told.said - told.grade)

    def share(key: str, name: str, hit: np.ndarray, chosen: np.ndarray) -> Figure:
        return sample.where(chosen).share(key, name, hit[chosen])

    named = weak & told.named
    rows = [
        sample.area("visit_palsy_auc", "Visit: palsy, area under the curve, grades II to VI", told.palsy, weak),
        sample.where(against).area(
            "visit_palsy_auc_clear", "Visit: palsy, area under the curve, grades III to VI", told.palsy[against],
            weak[against],
        ),
        share("visit_sensitivity_clear", "Visit: grades III to VI called weak", verdict == "weak", clear),
        share("visit_specificity", "Visit: healthy not called weak", verdict != "weak", ~weak),
        share("visit_missed_clear", "Visit: grades III to VI called normal", verdict == "normal", clear),
        share("visit_uncertain", "Visit: called uncertain", verdict == "uncertain", np.ones(len(weak), bool)),
        share("visit_decided", "Visit: weak or normal told rightly, of those not uncertain, without grade II",
              (verdict == "weak") == weak, decided),
        share("visit_side_clear", "Visit: weak side, grades III to VI", told.likelier_right, clear),
        share("visit_side_named", "Visit: weak side, where it is named", told.likelier_right, named),
        share("visit_grade_exact", "Visit: grade met", off == 0, np.ones(len(weak), bool)),
        share("visit_within_one", "Visit: grade within one", off <= 1, np.ones(len(weak), bool)),
        sample.confusion("visit_kappa", "Visit: grade, quadratic kappa", told.grade - 1, told.said - 1, 6,
                         quadratic_kappa),
        share("visit_coverage", "Visit: grade within its 95 % interval", (told.grade >= low) & (told.grade <= high),
              np.ones(len(weak), bool)),
    ]  # fmt: skip
    return [row.row() for row in rows if row.value is not None]


def by_views(answers: Answers, pictures: Pictures, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same visits, told from ever more views: what another photo is worth. First row: the rest photo alone."""
    rest = pictures.view == VIEWS.index("rest")
    cases = [("rest alone", Told.of(answers.where(rest), pictures.where(rest), parameters))]
    cases += [(f"{n} drawn", Told.of(answers, pictures, parameters, views=n)) for n in (1, 2, 3, 5, 8)]
    cases += [("all", Told.of(answers, pictures, parameters))]
    rows = []
    for name, told in cases:
        told = told.where(told.side != BOTH)
        if not len(told.findings):
            continue
        against = (told.grade == 1) | (told.grade >= CLEAR_FROM)
        low, high = told.interval
        area = told.where(against).sample().area("a", "", told.palsy[against], told.grade[against] > 1)
        clear = told.grade >= CLEAR_FROM
        side = told.where(clear).sample().share("s", "", told.likelier_right[clear])
        near = told.sample().share("g", "", np.abs(told.said - told.grade) <= 1)
        rows.append(
            {
                "views": name,
                "visits": len(told.findings),
                "palsy_auc_clear": area.row(),
                "side_clear": side.row(),
                "within_one": near.row(),
                "interval_grades": round(float((high - low + 1).mean()), 2),
                "coverage": round(float(((told.grade >= low) & (told.grade <= high)).mean()), 4),
                "uncertain": round(
                    float(np.mean([f.palsy_verdict == "uncertain" for f in told.findings])), 4
                ),
            }
        )
    return rows


def zone_coverage(told: Told) -> list[dict[str, Any]]:
    """For each zone: visits that show it, mean error of the movement left, and how often truth lies in the interval."""
    rows = []
    for number, zone in enumerate(ZONES):
        errors, inside = [], []
        for finding, truth in zip(told.findings, told.zones, strict=True):
            row = finding.zones.get(zone)
            for code, side in enumerate(SIDES):
                value = float(truth[number, code])
                if row is None or np.isnan(value):
                    continue
                errors.append(abs(row[side] - value))
                inside.append(row[f"{side}_low"] - 1e-6 <= value <= row[f"{side}_high"] + 1e-6)
        if errors:
            found = {"zone": zone, "visits": len(errors) // 2, "error": round(float(np.mean(errors)), 4)}
            rows.append(found | {"coverage": round(float(np.mean(inside)), 4)})
    return rows
