"""Temperatures and thresholds, fitted on validation people; plain dicts for release.json."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression

from inference.pipeline.classify import sigmoid, softmax
from ml_training.datasets import BOTH, Pictures
from ml_training.evaluate.answers import Answers, RawOutputs, calibrated
from ml_training.evaluate.figures import CLEAR_FROM
from ml_training.evaluate.intervals import calibration_error

STEPS = 5
MISSED = 0.05
"""Share of clear palsies (grade III and up) allowed under the band, and of healthy pictures allowed above it."""
UNTOUCHED_CALLED = 0.10
"""Share of untouched portraits that may be called weak. Twice that of simulated healthy faces, since nobody asked these
people for an exercise, or knows that all of them are healthy."""
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


def temperatures(raw: RawOutputs, pictures: Pictures) -> dict[str, float]:
    """Divisors of the logits by head: exercise, grade, side (Guo et al., ICML 2017). A head without the pictures to
    fit it on keeps 1."""
    rows = np.flatnonzero(pictures.view >= 0)
    worse = pictures.grade[:, None] > np.arange(1, STEPS + 1)
    sided = (pictures.side >= 0) & (pictures.side != BOTH)

    def exercise_loss(t: float) -> float:
        chosen = softmax(raw.view_logits[rows] / t)[np.arange(len(rows)), pictures.view[rows]]
        return float(-np.log(np.clip(chosen, 1e-9, 1)).mean())

    found = {
        "exercise": _best(exercise_loss) if len(rows) else 1.0,
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


def thresholds(answers: Answers, pictures: Pictures, untouched: Answers | None = None) -> dict[str, float]:
    """All thresholds of release.json, of calibrated answers on validation people. Bilateral cases are left out.
    untouched: answers on portraits that no renderer has drawn, of people who are not tested on; people are more uneven
    than simulated healthy faces, so what is called weak has to lie above nearly all of both."""
    one = pictures.side != BOTH
    found = palsy_thresholds(answers.palsy[one], pictures.grade[one])
    if untouched is not None and len(untouched):
        least = round(float(np.quantile(untouched.palsy, 1 - UNTOUCHED_CALLED, method="higher")) + 5e-5, 4)
        found |= {key: max(found[key], least) for key in ("palsy", "palsy_high")}
    seen = pictures.view >= 0
    top, view = answers.view.max(1)[seen], answers.view.argmax(1)[seen]
    found["exercise"] = sure_enough(top, view == pictures.view[seen], VIEW_WANTED, 0.35, 0.8)
    called = one & pictures.weak & (answers.palsy >= found["palsy"])
    right = answers.right[called]
    hit = (right >= 0.5) == (pictures.side[called] == 1)
    found["side"] = sure_enough(np.maximum(right, 1 - right), hit, SIDE_WANTED, 0.55, 0.9)
    return found


def fit(raw: RawOutputs, pictures: Pictures, untouched: RawOutputs | None = None) -> dict[str, Any]:
    """Everything at once, on validation people and untouched portraits: {"temperatures", "thresholds", "isotonic"}."""
    heads = temperatures(raw, pictures)
    answers = calibrated(raw, heads)
    return {
        "temperatures": heads,
        "thresholds": thresholds(answers, pictures, calibrated(untouched, heads) if untouched else None),
        "isotonic": isotonic_or_temperature(answers, pictures),
    }
