"""How much of the home programmes was done, week by week, on the time axis of the other charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from clinic.home.adherence import PracticeWeek
from clinic.home.selectors import practice_of, programmes_of

from .geometry import ChartLine, Mark, Panel, PlotArea
from .history import EpisodeHistory
from .timeline import timeline

if TYPE_CHECKING:
    from clinic.patients.models import Episode

TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
MIDDLE: Final = 3
"""Days after its first on which a week's share stands."""
MARGIN: Final = 0.04


def home_panel(*, episode: Episode, history: EpisodeHistory) -> Panel | None:
    """The weeks that the axis holds; None where there are none. A line joins the weeks of one programme alone."""
    time = timeline(history)
    programmes = programmes_of(episode=episode)
    if time is None or not programmes:
        return None
    frame = PlotArea(time, -MARGIN, 1 + MARGIN)
    address = reverse("home:programmes", args=[episode.pk])
    marks: list[Mark] = []
    runs = []
    shown: list[PracticeWeek] = []
    for one in reversed(practice_of(programmes=programmes)):
        weeks = [week for week in one.weeks if time.holds(_middle(week))]
        shown += weeks
        places = [(frame.x(_middle(week)), frame.y(week.share)) for week in weeks]
        runs += [" ".join(f"{x},{y}" for x, y in places)] if len(places) > 1 else []
        marks += [
            Mark(x, y, _label(week), address, "square") for (x, y), week in zip(places, weeks, strict=True)
        ]
    if not marks:
        return None
    title = _("Practice at home")
    return Panel(
        "home", title, _("share of what was asked for, by week"), frame.x_ticks(),
        tuple((frame.y(one), _percent(one)) for one in TICKS),
        (ChartLine(title, "patient", tuple(marks), tuple(runs), len(marks)),), (), frame.flags(history), None,
        _summary(shown), time.title, (_("squares: as the patient says"),),
    )  # fmt: skip


def _middle(week: PracticeWeek) -> dt.date:
    return week.begins + dt.timedelta(min(MIDDLE, week.days - 1))


def _percent(share: float) -> str:
    return f"{number_format(round(share * 100))} %"


def _label(week: PracticeWeek) -> str:
    return _("Week from %(day)s: %(done)d of %(asked)d done") % {
        "day": date_format(week.begins), "done": week.done, "asked": week.asked,
    }  # fmt: skip


def _summary(weeks: Sequence[PracticeWeek]) -> str:
    done, asked = sum(week.done for week in weeks), sum(week.asked for week in weeks)
    return _("Practice at home: %(done)d of %(asked)d done in %(count)d weeks.") % {
        "done": done, "asked": asked, "count": len(weeks),
    }  # fmt: skip
