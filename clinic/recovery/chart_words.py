"""What the points of the charts say."""

from __future__ import annotations

import uuid
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.common import written

from .compared import Reading
from .course import number_in, region_name
from .history import VisitPoint
from .resting import Resting
from .rules import REGIONS

SIDES: Final = gettext_noop("left %(left)s mm, right %(right)s mm")


def kind_name(kind: str) -> str:
    """What a figure is."""
    return _("movement since rest") if kind == "movement" else _("ratio of distances")


def length(value: float) -> str:
    """Millimetres to a tenth."""
    return _length(value, written.Writer())


def _length(value: float, writer: written.Writer) -> str:
    return writer.decimal(round(value, 1) + 0.0, 1).replace("-", "\N{MINUS SIGN}")


class ChartWords(written.Writer):
    """Writes what the points of one page's charts say. Each visit is a point of several charts."""

    def __init__(self) -> None:
        super().__init__()
        self.regions = {region: region_name(region) for region in REGIONS}
        self.distance = kind_name("distance")
        self._when: dict[uuid.UUID, str] = {}

    def number(self, value: float) -> str:
        """A figure with the two digits that it can bear."""
        return number_in(self.language, value)

    def length(self, value: float) -> str:
        """Millimetres to a tenth."""
        return _length(value, self)

    def reading(self, region: str, reading: Reading) -> str:
        """A figure with what it is and, of movement, both sides in millimetres."""
        text = f"{self.regions[region]} {self.number(reading.value)}"
        if reading.kind == "distance":
            return f"{text}, {self.distance}"
        if reading.left is None or reading.right is None:
            return text
        sides = {"left": self.length(reading.left), "right": self.length(reading.right)}
        return f"{text}, {self.text(SIDES) % sides}"

    def resting(self, one: Resting) -> str:
        """An asymmetry of the face at rest."""
        return one.words_by(self)

    def when(self, visit: VisitPoint) -> str:
        """The visit's day, with the time since onset."""
        known = self._when.get(visit.visit_id)
        if known is None:
            known = ", ".join(filter(None, [self.day(visit.date), visit.since]))
            self._when[visit.visit_id] = known
        return known

    def visit_url(self, visit: VisitPoint) -> str:
        """The visit's page."""
        return self.visit_url_of(visit.visit_id)

    def visit_url_of(self, visit_id: uuid.UUID) -> str:
        """The page of that visit."""
        return self.address("visits:detail", visit_id)
