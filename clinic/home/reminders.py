"""What a clinic sends to a patient who practises at home: texts to be copied into whichever messenger it uses.

They name nobody and no illness: whoever sees the telephone's locked screen reads of exercises and a clinic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic


class Reminder(NamedTuple):
    """A text in one language."""

    language: str
    about: str
    text: str


def texts(*, clinic: Clinic) -> list[Reminder]:
    """Every reminder, in each of the portal's languages."""
    found = []
    for code, name in settings.LANGUAGES:
        with translation.override(code):
            values = {"clinic": clinic.name}
            found += [
                Reminder(str(name), _("Each day"), _(
                    "Time for today's exercises. Open the link that you have from us and tap what you did. %(clinic)s"
                ) % values),
                Reminder(str(name), _("After some quiet days"), _(
                    "We haven't heard of your exercises for some days. Even one round a day helps; if something hurts "
                    "or doesn't work, tell us. The link that you have still opens them. %(clinic)s"
                ) % values),
            ]  # fmt: skip
    return found
