"""What the points of the charts say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from clinic.common import written

from .compared import Reading
from .course import number, region_name
from .history import VisitPoint


def kind_name(kind: str) -> str:
    """What a figure is."""
    return _("movement since rest") if kind == "movement" else _("ratio of distances")


def reading_words(region: str, reading: Reading) -> str:
    """A figure with what it is and, of movement, both sides in millimetres."""
    text = f"{region_name(region)} {number(reading.value)}"
    if reading.kind == "distance":
        return f"{text}, {kind_name('distance')}"
    if reading.left is None or reading.right is None:
        return text
    sides = _("left %(left)s mm, right %(right)s mm") % {
        "left": length(reading.left),
        "right": length(reading.right),
    }
    return f"{text}, {sides}"


def length(value: float) -> str:
    """Millimetres to a tenth."""
    return written.decimal(round(value, 1) + 0.0, 1).replace("-", "\N{MINUS SIGN}")


def when(visit: VisitPoint) -> str:
    """The visit's day, with the time since onset."""
    return ", ".join(filter(None, [written.day(visit.date), visit.since]))


def visit_url(visit: VisitPoint) -> str:
    """The visit's page."""
    return written.address("visits:detail", visit.visit_id)
