"""What the holder of an account is told: a line on their account page, and a mail where the installation sends any."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from .models import Notice, NoticeKind, User

if TYPE_CHECKING:
    from .models import Clinic

__all__ = ["NoticeKind", "mail_waiting", "recent", "tell"]

logger = logging.getLogger(__name__)
SHOWN: Final = 20
"""So many lines stand on the account page."""
LATE: Final = dt.timedelta(days=1)
"""What couldn't be mailed by then stays on the page alone."""
AT_ONCE: Final = 100
"""So many are mailed in one round."""


def tell(*, user: User, kind: str, clinic: Clinic | None = None) -> None:
    """Have the holder of the account see what happened to it. Mail is sent later, by `mail_waiting`."""
    Notice.objects.create(user=user, kind=kind, clinic=clinic)


def recent(*, user: User) -> list[Notice]:
    """The newest lines of this person's account."""
    return list(Notice.objects.filter(user=user).select_related("clinic")[:SHOWN])


def mail_waiting() -> int:
    """Mail what wasn't yet, once each; how many were sent. Nothing without a mail server."""
    if not settings.EMAIL_HOST:
        return 0
    sent = 0
    waiting = Notice.objects.filter(mailed_at__isnull=True, created_at__gt=timezone.now() - LATE)
    people = waiting.filter(user__is_active=True).select_related("user", "clinic").order_by("created_at")
    for notice in people[:AT_ONCE]:
        # Taken before it is sent: two rounds at once send it once, and a server that refuses isn't asked for ever.
        if Notice.objects.filter(pk=notice.pk, mailed_at__isnull=True).update(mailed_at=timezone.now()):
            sent += _mail(notice)
    return sent


def _mail(notice: Notice) -> int:
    clinic = notice.clinic
    language = notice.user.language or (clinic.language if clinic else settings.LANGUAGE_CODE)
    with translation.override(language):
        about = f"{notice.get_kind_display()} ({clinic.name})" if clinic else str(notice.get_kind_display())
        text = _(
            "%(about)s\n\nYour profile lists what happened to your account. If this was neither you nor agreed with "
            "you, tell your clinic's administrator."
        )
        try:
            return send_mail(
                _("Your account at Risorius"), text % {"about": about}, None, [notice.user.email]
            )
        except OSError as error:
            logger.error("A notice was not mailed: %s", type(error).__name__)
            return 0
