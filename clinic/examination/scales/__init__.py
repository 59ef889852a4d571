"""Clinical scales as data and arithmetic, in plain Python: `BY_CODE["sunnybrook"].score(answers)`.

Each scale has a module with its items, its formula and their sources. How one is added: docs/howto/add-a-scale.md.
"""

from __future__ import annotations

from typing import Final

from .eface import EFACE
from .fngs import FNGS
from .house_brackmann import GRADES, HOUSE_BRACKMANN
from .questionnaires import FACE, FDI, SAQ
from .shape import Choice, DetectableChange, Item, Line, Rater, Scale, Score, SubScore, Total, WrongAnswers
from .sunnybrook import SUNNYBROOK
from .yanagihara import YANAGIHARA

SCALES: Final[tuple[Scale, ...]] = (SUNNYBROOK, HOUSE_BRACKMANN, FNGS, EFACE, YANAGIHARA, FACE, SAQ, FDI)
"""In the order in which they are offered."""
BY_CODE: Final = {scale.code: scale for scale in SCALES}

__all__ = [
    "BY_CODE",
    "GRADES",
    "SCALES",
    "Choice",
    "DetectableChange",
    "Item",
    "Line",
    "Rater",
    "Scale",
    "Score",
    "SubScore",
    "Total",
    "WrongAnswers",
]
