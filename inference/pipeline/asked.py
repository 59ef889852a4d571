"""The view that a photo is filed under, weighed against what the picture shows. Standard library only, since the web
process imports it.

Most photos show what was asked for, so the record is believed until the picture speaks clearly against it: another view
has to be likelier than the filed one by a factor that each release measures on photos that were filed rightly and on
photos that were not. What is asked for is never told to the network, which would then see it in every face.
"""

from collections.abc import Mapping
from math import exp, log
from typing import Final

from inference.pipeline.codes import same_exercise

SMALLEST: Final = 1e-4
"""Probabilities are stored with four decimals; none counts as impossible."""
DOUBT: Final = 3.0
"""Natural logarithm of the factor, where a release states none: about 20 to 1."""


def likelihood(probabilities: Mapping[str, float], asked: str) -> float:
    """How likely the picture shows what was asked for; "smile" asks for either smile."""
    return max(SMALLEST, sum(p for view, p in probabilities.items() if same_exercise(asked, view)))


def doubt(probabilities: Mapping[str, float], asked: str) -> float:
    """Logarithm of how many times likelier the likeliest other view is than the one asked for; negative where the
    picture bears the record out, and of a picture of which nothing is known."""
    others = [p for view, p in probabilities.items() if not same_exercise(asked, view)]
    if not others:
        return -log(1 / SMALLEST)
    return log(max(SMALLEST, *others)) - log(likelihood(probabilities, asked))


def doubted(probabilities: Mapping[str, float], asked: str, thresholds: Mapping[str, float]) -> bool:
    """Whether the picture speaks clearly enough against the view that it is filed under. thresholds: a release's."""
    return doubt(probabilities, asked) > thresholds.get("doubt", DOUBT)


def weighed(
    probabilities: Mapping[str, float], asked: str, thresholds: Mapping[str, float]
) -> dict[str, float]:
    """The probability of each view once the record has been weighed in: those of the picture, with the views that were
    asked for `doubt` times likelier beforehand."""
    factor = exp(thresholds.get("doubt", DOUBT))
    raised = {
        view: max(SMALLEST, p) * (factor if same_exercise(asked, view) else 1.0)
        for view, p in probabilities.items()
    }
    total = sum(raised.values())
    return {view: p / total for view, p in raised.items()}
