"""The photos of one visit, filed together: each under the view that suits it best beside all the others. Standard
library only, since the web process imports it.

A visit shows each view once, as a rule, and in the order of the protocol, rest first. So which view a photo shows is
told by the picture, by what the other photos show, and a little by when it was taken. All of it is one assignment
problem: the greatest sum of

    log P(view | picture) - ORDER * |place among the photos - place in the protocol| + REST_FIRST

over the photos, where REST_FIRST is given to a first photo at rest, and a second photo of the same view costs RETAKE.
It is solved exactly by the Hungarian method with potentials (Kuhn, Nav Res Logist Q 1955; Jonker and Volgenant,
Computing 1987).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Final

from inference.pipeline.asked import SMALLEST, doubted
from inference.pipeline.codes import VIEWS, Exercise

ORDER: Final = 1.5
"""Natural logs that the last photo loses where it is filed under the first view of the protocol."""
REST_FIRST: Final = 1.0
"""Natural logs that the first photo gains where it is filed as rest."""
RETAKE: Final = 2.5
"""Natural logs that a second photo of a view costs, a third twice as many."""


@dataclass(frozen=True, slots=True)
class Filed:
    """view: under which a photo is filed; None for a picture of which nothing is known. sure: whether the picture alone
    does not speak against it. probability: that the picture alone shows it."""

    view: str | None
    sure: bool = False
    probability: float = 0.0


def filed(
    photos: Sequence[Mapping[str, float]],
    thresholds: Mapping[str, float],
    views: Sequence[str] = VIEWS,
    taken: Sequence[str] = (),
) -> list[Filed]:
    """A view for each photo of a visit.

    photos: in the order in which they were taken, each `Findings.exercise_probabilities`, empty where a photo could not
    be judged. thresholds: a release's. views: those that may be chosen, in the order of
    the protocol. taken: views of which the visit has a photo already; another one counts as a retake.
    """
    judged = [n for n, told in enumerate(photos) if told]
    result = [Filed(None) for _ in photos]
    if not judged or not views:
        return result
    copies = -(-len(judged) // len(views)) + 1
    places = [(view, copy) for view in views for copy in range(copies)]
    last = max(1, len(photos) - 1)
    costs = [
        [_cost(photos[n], view, n / last, views) + RETAKE * (copy + (view in taken)) for view, copy in places]
        for n in judged
    ]
    for n, column in zip(judged, assigned(costs), strict=True):
        view = places[column][0]
        told = photos[n]
        result[n] = Filed(view, not doubted(told, view, thresholds), float(told.get(view, 0.0)))
    return result


def _cost(told: Mapping[str, float], view: str, when: float, views: Sequence[str]) -> float:
    """What it costs to file a photo under a view, in natural logs. when: 0 for the first photo, 1 for the last."""
    expected = views.index(view) / max(1, len(views) - 1)
    cost = -log(max(SMALLEST, told.get(view, 0.0))) + ORDER * abs(when - expected)
    return cost - REST_FIRST if view == Exercise.REST and when == 0 else cost


def assigned(costs: Sequence[Sequence[float]]) -> list[int]:
    """The column of each row, no column twice, so that the chosen costs add up to the least. At least as many columns
    as rows; ValueError otherwise."""
    rows, columns = len(costs), len(costs[0]) if costs else 0
    if columns < rows:
        raise ValueError("There are fewer columns than rows.")
    of_row, of_column = [0.0] * (rows + 1), [0.0] * (columns + 1)
    holder = [0] * (columns + 1)  # row that holds each column, from 1; 0: none
    for row in range(1, rows + 1):
        holder[0] = row
        least, before, seen = [inf] * (columns + 1), [0] * (columns + 1), [False] * (columns + 1)
        column = 0
        while holder[column]:
            seen[column] = True
            at, step, following = holder[column], inf, 0
            for other in range(1, columns + 1):
                if seen[other]:
                    continue
                reduced = costs[at - 1][other - 1] - of_row[at] - of_column[other]
                if reduced < least[other]:
                    least[other], before[other] = reduced, column
                if least[other] < step:
                    step, following = least[other], other
            for other in range(columns + 1):
                if seen[other]:
                    of_row[holder[other]] += step
                    of_column[other] -= step
                else:
                    least[other] -= step
            column = following
        while column:
            holder[column] = holder[before[column]]
            column = before[column]
    result = [0] * rows
    for column in range(1, columns + 1):
        if holder[column]:
            result[holder[column] - 1] = column - 1
    return result
