"""Milestones in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.templatetags.risorius import ROMAN

from .milestones import Milestone, MilestoneCode

if TYPE_CHECKING:
    from .models import Task


def name(code: str) -> str:
    """What is looked at, and when."""
    return {
        MilestoneCode.TOXIN_RECALL: _("Effect of botulinum toxin at 2 to 4 weeks"),
        MilestoneCode.EARLY_REVIEW: _("Review on days 11 to 17 after onset"),
        MilestoneCode.NO_MOVEMENT: _("Movement by day 21 after onset"),
        MilestoneCode.INCOMPLETE: _("Recovery at 3 months after onset"),
        MilestoneCode.SYNKINESIS: _("Synkinesis from month 4 after onset on"),
    }[MilestoneCode(code)]


def sentence(one: Milestone) -> str:
    """What is to be done, in a sentence or two."""
    if one.code == MilestoneCode.TOXIN_RECALL:
        said = _("Botulinum toxin was given on %(day)s: look at its effect at 2 to 4 weeks.")
        return said % {"day": date_format(one.since)}
    if one.code == MilestoneCode.EARLY_REVIEW:
        return _("Bell's palsy: review on days 11 to 17 after onset.")
    if one.code == MilestoneCode.NO_MOVEMENT:
        if one.grade is None:
            return _("Bell's palsy, day 21: if nothing moves, refer and reconsider the diagnosis.")
        return _("Bell's palsy without movement by day 21: refer and reconsider the diagnosis.")
    if one.code == MilestoneCode.INCOMPLETE:
        if one.grade is None:
            return _("Bell's palsy, 3 months: if it isn't recovered, reassess or refer.")
        said = _("Bell's palsy not recovered after 3 months (grade %(grade)s): reassess or refer.")
        return said % {"grade": ROMAN[one.grade]}
    return _("Bell's palsy, month 4: look for synkinesis.")


def window(one: Milestone) -> str:
    """When it should be."""
    if one.code == MilestoneCode.TOXIN_RECALL or one.code == MilestoneCode.EARLY_REVIEW:
        days = {"begins": date_format(one.begins), "until": date_format(one.until)}
        return _("%(begins)s to %(until)s") % days
    return _("from %(day)s on") % {"day": date_format(one.begins)}


def address(one: Milestone) -> str:
    """The page on which it is settled."""
    page = reverse("examination:milestone", args=[one.episode_id, one.code.value])
    return f"{page}?treatment={one.treatment_id}" if one.treatment_id else page


def taken_up(task: Task) -> str:
    """The milestone that a person took up, or settled."""
    said = name(task.milestone)
    if task.treatment is None:
        return said
    return _("%(what)s, given on %(day)s") % {"what": said, "day": date_format(task.treatment.date)}
