"""Real photographs as they are: which view is seen in each, and how many healthy people are called weak.

These come first in every evaluation, since the product is asked about real faces. The people are in no training; all of
them are taken as healthy. The photographs are a data set (`ml_training.unmoved`), labelled by eye.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inference.pipeline.asked import doubt
from inference.pipeline.classify import palsy_verdict
from inference.pipeline.codes import VIEWS, Exercise
from ml_training.datasets import Pictures
from ml_training.evaluate.answers import Answers
from ml_training.evaluate.figures import CLEAR_FROM, OBVIOUS_FROM, Judged
from ml_training.evaluate.intervals import BY_WILSON, Sample, wilson

BALANCED: Final = (Exercise.REST, Exercise.CLOSED_SMILE, Exercise.SMILE_WITH_TEETH, Exercise.OPEN_MOUTH)
"""Views that real photographs without an instruction show; their mean is told, each counting alike."""
ASKED: Final = (
    Exercise.CLOSED_SMILE, Exercise.SMILE_WITH_TEETH, Exercise.SNEER, Exercise.PUFF_CHEEK, Exercise.SHOW_TEETH,
    Exercise.OPEN_MOUTH,
)  # fmt: skip
"""The exercises of the first system for this task, the smile as either kind."""
FEWEST: Final = 10
"""Photographs of a view, under which it has counts but no figure of its own."""


@dataclass(frozen=True)
class Portraits:
    """Photographs with what the network says of them under a release's thresholds."""

    pictures: Pictures
    answers: Answers
    thresholds: dict[str, float]

    def verdicts(self) -> np.ndarray:
        """(N,) "weak", "normal" or "uncertain"."""
        said = self.answers.view.argmax(1)
        told = zip(self.answers.palsy.tolist(), said.tolist(), strict=True)
        return np.array([palsy_verdict(palsy, self.thresholds, VIEWS[view]) for palsy, view in told])


def _share(key: str, name: str, hit: np.ndarray, people: np.ndarray) -> dict[str, Any]:
    low, high = wilson(int(hit.sum()), len(hit))
    return {
        "key": key, "name": name, "value": round(float(hit.mean()), 4), "low": round(low, 4), "high": round(high, 4),
        "interval": BY_WILSON, "pictures": len(hit), "people": len(np.unique(people)),
    }  # fmt: skip


def view_rows(portraits: Portraits) -> list[dict[str, Any]]:
    """The share of each view that is seen as such, and the mean over `BALANCED`."""
    view, said = portraits.pictures.view, portraits.answers.view.argmax(1)
    rows, means = [], []
    for number, name in enumerate(VIEWS):
        of = view == number
        if of.any() and name in BALANCED:
            means.append(float((said[of] == number).mean()))
        if of.sum() >= FEWEST:
            told = f"Real photographs: {name.replace('_', ' ')} seen as such"
            rows.append(_share(f"real_view_{name}", told, said[of] == number, portraits.pictures.person[of]))
    if len(means) == len(BALANCED):
        known = np.isin(view, [VIEWS.index(name) for name in BALANCED])
        weight = 1 / np.bincount(view[known], minlength=len(VIEWS))[view[known]] / len(BALANCED)
        table = np.column_stack([weight * (said[known] == view[known]), weight])
        name = "Real photographs: mean of " + ", ".join(one.replace("_", " ") for one in BALANCED)
        sample = Sample(portraits.pictures.person[known])
        rows.append(sample.additive("real_views", name, table, _ratio).row())
    return rows


def _ratio(total: np.ndarray) -> np.ndarray:
    return np.asarray(total[:, 0] / total[:, 1])


def healthy_rows(portraits: Portraits) -> list[dict[str, Any]]:
    """Shares of healthy people who are called weak, and who are left uncertain."""
    verdicts, people = portraits.verdicts(), portraits.pictures.person
    return [
        _share("real_weak", "Real healthy photographs called weak", verdicts == "weak", people),
        _share(
            "real_uncertain", "Real healthy photographs called uncertain", verdicts == "uncertain", people
        ),
    ]


def against_palsies(portraits: Portraits, judged: Judged) -> list[dict[str, Any]]:
    """Simulated palsies of test people, one-sided, from grade III and from grade IV, against these real healthy faces:
    area, and how many are called weak and left uncertain by the same thresholds."""
    rows = []
    for least, suffix, numeral in ((CLEAR_FROM, "", "III"), (OBVIOUS_FROM, "_obvious", "IV")):
        clear = judged.where((judged.pictures.grade >= least) & judged.one_sided)
        if not len(clear):
            continue
        score = np.r_[portraits.answers.palsy, clear.answers.palsy]
        target = np.r_[np.zeros(len(portraits.answers), bool), np.ones(len(clear), bool)]
        sample = Sample(np.r_[portraits.pictures.person, clear.pictures.person])
        name = f"Simulated palsy, grades {numeral} to VI, against real healthy photographs, area"
        simulated = Portraits(clear.pictures, clear.answers, portraits.thresholds).verdicts()
        told = f"Simulated palsy from grade {numeral}"
        rows += [
            sample.area(f"real_palsy_auc{suffix}", name, score, target).row(),
            clear.sample.share(f"clear_weak{suffix}", f"{told} called weak", simulated == "weak").row(),
            clear.sample.share(
                f"clear_uncertain{suffix}", f"{told} left uncertain", simulated == "uncertain"
            ).row(),
        ]
    return rows


def asked_rows(
    key: str, told: str, pictures: Pictures, answers: Answers, limit: float
) -> list[dict[str, Any]]:
    """How often the record is doubted of photographs that are filed rightly, and of the same filed under another view,
    drawn evenly from all others."""
    known = np.flatnonzero(pictures.view >= 0)
    if not len(known):
        return []
    rng, right, wrong = np.random.default_rng(0), [], []
    for row in known.tolist():
        probabilities = dict(zip(VIEWS, answers.view[row].tolist(), strict=True))
        shown = int(pictures.view[row])
        other = int(rng.choice([view for view in range(len(VIEWS)) if view != shown]))
        right.append(doubt(probabilities, VIEWS[shown]) > limit)
        wrong.append(doubt(probabilities, VIEWS[other]) > limit)
    people = pictures.person[known]
    return [
        _share(f"{key}_doubted", f"{told}: filed rightly, and doubted", np.array(right), people),
        _share(f"{key}_found", f"{told}: filed under another view, and doubted", np.array(wrong), people),
    ]


def confusion(portraits: Portraits) -> dict[str, Any]:
    """Counts: rows what the photographs show, columns what is seen; only views that some photograph shows."""
    view, said = portraits.pictures.view, portraits.answers.view.argmax(1)
    rows = [
        {
            "exercise": name,
            "photographs": int((view == number).sum()),
            "said": np.bincount(said[view == number], minlength=len(VIEWS)).tolist(),
        }
        for number, name in enumerate(VIEWS)
        if (view == number).any() or name in ASKED
    ]
    return {"exercises": list(VIEWS), "rows": rows}


def measured(portraits: Portraits, judged: Judged) -> dict[str, Any]:
    """Figures of real photographs, and the confusion of views by counts."""
    limit = portraits.thresholds.get("doubt", np.inf)
    rows = [
        *view_rows(portraits),
        *healthy_rows(portraits),
        *against_palsies(portraits, judged),
        *asked_rows("real", "Real photographs", portraits.pictures, portraits.answers, limit),
        *asked_rows("simulated", "Simulated photographs", judged.pictures, judged.answers, limit),
    ]
    return {"figures": rows, "confusion": confusion(portraits)}
