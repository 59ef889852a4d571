"""Temperatures and thresholds, fitted on validation people; plain dicts for release.json."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression

from inference.pipeline.asked import doubt
from inference.pipeline.classify import sigmoid, softmax
from inference.pipeline.codes import VIEWS
from ml_training.datasets import BOTH, Pictures
from ml_training.evaluate.answers import Answers, RawOutputs, calibrated
from ml_training.evaluate.figures import CLEAR_FROM
from ml_training.evaluate.intervals import calibration_error

STEPS = 5
MISSED = 0.05
"""Share of clear palsies (grade III and up) allowed under the band, and of healthy pictures allowed above it."""
UNTOUCHED_CALLED = 0.02
"""Share of untouched portraits that may be called weak, of all and of those that are seen in any one view; of people
from elsewhere it is about twice as many."""
FEWEST_IN_VIEW = 60
"""Healthy pictures that are seen in a view, under which it gets no threshold of its own."""
UNCERTAIN_MOST = 0.12
"""Share of healthy pictures, simulated or untouched, that may be left uncertain: an answer that is rarely given helps
nobody. It goes before the share of palsies allowed under the band."""
DOUBTED_MOST = 0.03
"""Share of rightly filed photographs whose record may be doubted."""
SIDE_WANTED, VIEW_WANTED = 0.97, 0.97
"""How often a named side, or a view not called unsure, should be right on validation people."""
FOLDS = 5
WORTH = 0.002
"""Isotonic regression has to lower the log loss of people it has not seen by this much to be preferred."""


def _best(loss: Callable[[float], float]) -> float:
    """The temperature (0.2 to 8) of least loss."""
    found = minimize_scalar(
        lambda t: loss(float(np.exp(t))), bounds=(np.log(0.2), np.log(8)), method="bounded"
    )
    return round(float(np.exp(found.x)), 4)


def _log_loss(probability: np.ndarray, target: np.ndarray) -> float:
    p = np.clip(probability, 1e-7, 1 - 1e-7)
    return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).mean())


@dataclass(frozen=True)
class Untouched:
    """Portraits that no renderer has drawn, of people who are not tested on, all taken as healthy; with what the
    network says of them."""

    pictures: Pictures
    raw: RawOutputs

    def unlearnt(self) -> "Untouched":
        """Those of known view whose people taught no view."""
        kept = (self.pictures.view >= 0) & (self.pictures.split != "train")
        return Untouched(self.pictures.where(kept), self.raw.where(kept))

    def __len__(self) -> int:
        return len(self.raw)


def temperatures(raw: RawOutputs, pictures: Pictures, untouched: Untouched | None = None) -> dict[str, float]:
    """Divisors of the logits by head: exercise, grade, side (Guo et al., ICML 2017). A head without the pictures to
    fit it on keeps 1. Views are fitted on simulated and untouched pictures alike, each kind counting as much."""
    sets = [(raw, pictures)]
    if untouched is not None and len(known := untouched.unlearnt()):
        sets.append((known.raw, known.pictures))
    worse = pictures.grade[:, None] > np.arange(1, STEPS + 1)
    sided = (pictures.side >= 0) & (pictures.side != BOTH)

    def exercise_loss(t: float) -> float:
        losses = []
        for said, shown in sets:
            rows = np.flatnonzero(shown.view >= 0)
            chosen = softmax(said.view_logits[rows] / t)[np.arange(len(rows)), shown.view[rows]]
            losses.append(-np.log(np.clip(chosen, 1e-9, 1)).mean())
        return float(np.mean(losses))

    found = {
        "exercise": _best(exercise_loss) if (pictures.view >= 0).any() else 1.0,
        "grade": _best(lambda t: _log_loss(sigmoid(raw.step_logits / t), worse)),
        "side": 1.0,
    }
    if sided.any():
        right = (pictures.side == 1)[sided]
        found["side"] = _best(lambda t: _log_loss(sigmoid(raw.side_logit[sided] / t), right))
    return found


def isotonic_or_temperature(answers: Answers, pictures: Pictures) -> dict[str, Any]:
    """Whether isotonic regression of the palsy probability beats the temperature on people it has not seen.

    Both are compared by five-fold cross-validation over people. "chosen" says which; "knots" are the isotonic steps
    on all validation people, to be interpolated linearly, only where it is chosen.
    """
    one = pictures.side != BOTH
    stated, weak, person = answers.palsy[one], pictures.weak[one].astype(float), pictures.person[one]
    names = np.unique(person)
    fold = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % FOLDS, strict=True))
    folds = np.array([fold[who] for who in person])
    told = np.zeros(len(stated))
    for number in range(FOLDS):
        out = folds == number
        if out.any() and (~out).any():
            told[out] = _isotonic().fit(stated[~out], weak[~out]).predict(stated[out])
    result: dict[str, Any] = {
        "log_loss": {
            "temperature": round(_log_loss(stated, weak), 4),
            "isotonic": round(_log_loss(told, weak), 4),
        },
        "calibration_error": {
            "temperature": round(calibration_error(stated, weak), 4),
            "isotonic": round(calibration_error(told, weak), 4),
        },
        "folds": FOLDS,
    }
    better = result["log_loss"]["temperature"] - result["log_loss"]["isotonic"] > WORTH
    result["chosen"] = "isotonic" if better else "temperature"
    if better:
        fitted = _isotonic().fit(stated, weak)
        result["knots"] = [
            [round(float(x), 4), round(float(y), 4)]
            for x, y in zip(fitted.X_thresholds_, fitted.y_thresholds_, strict=True)
        ]
    return result


def _isotonic() -> IsotonicRegression:
    # Kept off 0 and 1: a step that held no failure among a few validation people is no certainty.
    return IsotonicRegression(y_min=0.005, y_max=0.995, out_of_bounds="clip")


def band(palsy: np.ndarray, grade: np.ndarray, missed: float = MISSED) -> tuple[float, float]:
    """(low, high) of the uncertain band: at most `missed` of the clear palsies lie under low, and of the healthy
    at or above high. Where the two do not overlap there is nothing to be uncertain about: both are the threshold at
    which as large a share of the clear palsies is missed as of the healthy is called weak."""
    clear, healthy = palsy[grade >= CLEAR_FROM], palsy[grade == 1]
    low = float(np.quantile(clear, missed, method="lower"))
    high = float(np.quantile(healthy, 1 - missed, method="higher"))
    high = min(1.0, float(np.nextafter(high, 2)))
    if low >= high:
        low = high = _equal_error(clear, healthy)
    return low, high


def _equal_error(clear: np.ndarray, healthy: np.ndarray) -> float:
    """The threshold whose larger error is least; the middle of them where several thresholds do as well."""
    values = np.unique(np.r_[0.0, clear, healthy, 1.0])
    between = (values[1:] + values[:-1]) / 2
    worst = np.array([max((clear < t).mean(), (healthy >= t).mean()) for t in between])
    best = between[worst == worst.min()]
    return float((best[0] + best[-1]) / 2)


def palsy_thresholds(palsy: np.ndarray, grade: np.ndarray) -> dict[str, float]:
    """palsy: from which a weak side is named and the grade is above I, at 95 % specificity on validation people;
    palsy_low and palsy_high: the uncertain band; palsy_at_specificity, palsy_at_sensitivity: operating points of the
    figures."""
    healthy, clear = palsy[grade == 1], palsy[grade >= CLEAR_FROM]
    low, high = band(palsy, grade)
    at_specificity = float(np.nextafter(np.quantile(healthy, 0.95, method="higher"), 2))
    at_sensitivity = float(np.quantile(clear, 0.05, method="lower"))
    return {
        "palsy": round(min(at_specificity, 0.999), 4),
        "palsy_low": round(low, 4),
        "palsy_high": round(high, 4),
        "palsy_at_specificity": at_specificity,
        "palsy_at_sensitivity": at_sensitivity,
    }


def sure_enough(top: np.ndarray, right: np.ndarray, wanted: float, least: float, most: float = 0.95) -> float:
    """The lowest of the probabilities `top` (N,) from which on a share of `wanted` are right, within the bounds."""
    if not len(top):
        return least
    for threshold in np.arange(least, most, 0.01):
        kept = top >= threshold
        if not kept.any() or right[kept].mean() >= wanted:
            return round(float(threshold), 3)
    return most


def _above(healthy: np.ndarray, called: float = UNTOUCHED_CALLED) -> float:
    """The lowest threshold from which on no more than the share `called` of these probabilities lies."""
    return min(0.9999, round(float(np.quantile(healthy, 1 - called, method="higher")) + 5e-5, 4))


def for_people(found: dict[str, float], healthy: tuple[Answers, ...]) -> dict[str, float]:
    """The palsy's thresholds of `found`, raised and drawn together so that they hold for simulated and untouched
    healthy faces alike. healthy: answers on each kind."""
    high = max(found["palsy_high"], *(_above(kind.palsy) for kind in healthy))
    low = max(found["palsy_low"], *(_above(kind.palsy, MISSED + UNCERTAIN_MOST) for kind in healthy))
    made = found | {"palsy": high, "palsy_high": high, "palsy_low": min(low, high)}
    for number, view in enumerate(VIEWS):
        seen = [kind.palsy[kind.view.argmax(1) == number] for kind in healthy]
        own = max((_above(one) for one in seen if len(one) >= FEWEST_IN_VIEW), default=0.0)
        if own > high:
            made[f"palsy_high:{view}"] = own
    return made


def doubt_limit(kinds: list[tuple[Answers, Pictures]]) -> float:
    """How clearly another view has to be seen before the record is doubted (`asked.doubt`), so that of each kind of
    picture, all filed rightly, few are."""
    limits = [0.5]
    for answers, pictures in kinds:
        rows = np.flatnonzero(pictures.view >= 0)
        if len(rows):
            doubts = [
                doubt(dict(zip(VIEWS, answers.view[row].tolist(), strict=True)), VIEWS[pictures.view[row]])
                for row in rows.tolist()
            ]
            limits.append(float(np.quantile(doubts, 1 - DOUBTED_MOST, method="higher")))
    return round(max(limits) + 5e-5, 4)


def thresholds(
    answers: Answers, pictures: Pictures, untouched: tuple[Answers, Untouched] | None = None
) -> dict[str, float]:
    """All thresholds of release.json, of calibrated answers on validation people. Bilateral cases are left out.
    untouched: calibrated answers on untouched portraits, and those; people are more uneven than simulated healthy
    faces, so what is called weak has to lie above nearly all of both."""
    one = pictures.side != BOTH
    found = palsy_thresholds(answers.palsy[one], pictures.grade[one])
    kinds = [(answers, pictures)]
    if untouched is not None and len(untouched[0]):
        said, portraits = untouched
        healthy = answers.where(one & ~pictures.weak)
        found = for_people(found, (healthy, said))
        unlearnt = (portraits.pictures.view >= 0) & (portraits.pictures.split != "train")
        kinds.append((said.where(unlearnt), portraits.pictures.where(unlearnt)))
    found["doubt"] = doubt_limit(kinds)
    seen = pictures.view >= 0
    top, view = answers.view.max(1)[seen], answers.view.argmax(1)[seen]
    found["exercise"] = sure_enough(top, view == pictures.view[seen], VIEW_WANTED, 0.35, 0.8)
    called = one & pictures.weak & (answers.palsy >= found["palsy"])
    right = answers.right[called]
    hit = (right >= 0.5) == (pictures.side[called] == 1)
    found["side"] = sure_enough(np.maximum(right, 1 - right), hit, SIDE_WANTED, 0.55, 0.9)
    return found


def fit(raw: RawOutputs, pictures: Pictures, untouched: Untouched | None = None) -> dict[str, Any]:
    """Everything at once, on validation people and untouched portraits: {"temperatures", "thresholds", "isotonic"}."""
    heads = temperatures(raw, pictures, untouched)
    answers = calibrated(raw, heads)
    people = (calibrated(untouched.raw, heads), untouched) if untouched is not None else None
    return {
        "temperatures": heads,
        "thresholds": thresholds(answers, pictures, people),
        "isotonic": isotonic_or_temperature(answers, pictures),
    }
