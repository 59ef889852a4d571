"""What is written about home programmes. Callers have asked the policy first, or hold the patient's open link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.writing import Basis, assign, errors_of, lock, raise_if, save
from clinic.patients.models import LinkPurpose, LinkState
from clinic.patients.rules import clinic_today, not_archived, red_flags_asked
from clinic.patients.selectors_links import links_of
from clinic.patients.services_links import make_link, revoke_link
from clinic.visits import exercises
from clinic.visits.services import create_visit, store_photo

from . import doses
from .models import HomePractice, HomeProgramme
from .selectors import visit_of_today

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.patients.models import Episode, PatientLink
    from clinic.visits.models import Photo

EDITABLE: Final = frozenset({"message", "mirrored", "wants_photos"})
DAYS_LATER: Final = 1
"""Days for which a patient may still say what they did: yesterday's is said in the morning."""
EARLIEST: Final = 31
"""Days before today from which on a programme may have begun."""
LINK_DAYS: Final = 30
MOST_PHOTOS: Final = 40
"""Photos that one patient may send a day: three of each exercise."""


@transaction.atomic
def start_programme(*, user: User, episode: Episode, **given: Any) -> HomeProgramme:
    """What the patient is asked to do from that day on; a programme that runs ends with it.

    given: `starts_on`, `per_week`, `doses`, `message`, `mirrored`, `wants_photos`. ValidationError names each wrong
    one.
    """
    lock(episode)
    not_archived(episode.patient)
    red_flags_asked(episode)
    programme = HomeProgramme(episode=episode, made_by=user, **given)
    errors = _errors_of_dates(episode, programme.starts_on)
    try:
        programme.doses = doses.check(programme.doses)
    except ValidationError as error:
        errors["doses"] = error.error_list
    raise_if(errors_of(programme, errors, exclude=["episode", "made_by"]))
    for running in HomeProgramme.objects.running().filter(episode=episode):
        _end(user, running)
    save(programme, user=user)
    return programme


def _errors_of_dates(episode: Episode, starts_on: Any) -> dict[str, list[ValidationError]]:
    if not isinstance(starts_on, dt.date):
        return {}
    today = clinic_today(episode.patient)
    onset = episode.onset_date
    if starts_on < today - dt.timedelta(EARLIEST):
        said = _("A programme can begin %(days)d days back at most.") % {"days": EARLIEST}
        return {"starts_on": [ValidationError(said, code="too_early")]}
    if starts_on > today + dt.timedelta(EARLIEST):
        said = _("A programme can begin %(days)d days ahead at most.") % {"days": EARLIEST}
        return {"starts_on": [ValidationError(said, code="too_late")]}
    if onset is not None and starts_on < onset:
        said = _("The onset is on %(onset)s, after this day.") % {"onset": date_format(onset)}
        return {"starts_on": [ValidationError(said, code="before_onset")]}
    return {}


@transaction.atomic
def update_programme(
    *, user: User, programme: HomeProgramme, based_on: Basis | None = None, **changes: Any
) -> HomeProgramme:
    """Change what is said beside the exercises; another dose is another programme."""
    lock(programme, based_on)
    not_archived(programme.episode.patient)
    _refuse_ended(programme)
    changed = assign(programme, changes, EDITABLE, based_on=based_on)
    if changed:
        raise_if(errors_of(programme, exclude=["episode", "made_by"]))
        save(programme, user=user, only=changed)
    return programme


@transaction.atomic
def end_programme(*, user: User, programme: HomeProgramme, based_on: Basis | None = None) -> HomeProgramme:
    """Ask for it no longer; what was done stays, and its link opens nothing more."""
    lock(programme, based_on)
    if programme.is_running:
        _end(user, programme)
    return programme


@transaction.atomic
def resume_programme(*, user: User, programme: HomeProgramme, based_on: Basis | None = None) -> HomeProgramme:
    """Take its end back, unless another one runs since."""
    lock(programme, based_on)
    not_archived(programme.episode.patient)
    if programme.is_running:
        return programme
    if HomeProgramme.objects.running().filter(episode_id=programme.episode_id).exists():
        raise ValidationError(_("Another programme runs by now. End that one first."), code="another_runs")
    programme.ended_at = None
    save(programme, user=user, only=["ended_at"])
    return programme


def _end(user: User, programme: HomeProgramme) -> None:
    programme.ended_at = timezone.now()
    save(programme, user=user, only=["ended_at"])


def _refuse_ended(programme: HomeProgramme) -> None:
    if not programme.is_running:
        raise ValidationError(_("This programme has ended."), code="ended")


@transaction.atomic
def note_practice(*, programme: HomeProgramme, day: dt.date, times: Mapping[str, int]) -> list[HomePractice]:
    """How often the patient did exercises that day, as they say: today's and yesterday's can be said, and said anew.

    times: by step; more than was asked for counts as that. ValidationError where the day or an exercise is none of it.
    """
    lock(programme)
    _refuse_ended(programme)
    today = clinic_today(programme.episode.patient)
    if not max(programme.starts_on, today - dt.timedelta(DAYS_LATER)) <= day <= today:
        raise ValidationError(_("Only what was done today or yesterday can be noted."), code="day")
    asked = {str(one["step"]): int(one["times"]) for one in programme.doses}
    if not times.keys() <= asked.keys():
        raise ValidationError(_("This exercise isn't in the programme any more."), code="unknown")
    return [
        HomePractice.objects.update_or_create(
            programme=programme, day=day, step=step, defaults={"times": min(max(0, count), asked[step])}
        )[0]
        for step, count in times.items()
    ]


def store_photo_from_home(*, programme: HomeProgramme, upload: Any, step: str) -> Photo:
    """Take a photo in that the patient sends, into the visit of that day from home; it is analysed as any other.

    step: the face at rest, or an exercise of the programme. IntakeError as at the clinic's own upload; ValidationError
    where the programme has ended, asks for no photos or not for this one, or where there are too many of that day.
    """
    with transaction.atomic():
        lock(programme)
        _refuse_ended(programme)
        if not programme.wants_photos or step not in {
            doses.REST,
            *(str(one["step"]) for one in programme.doses),
        }:
            raise ValidationError(_("Your clinic doesn't ask for this photo."), code="unasked")
        visit = visit_of_today(programme=programme) or create_visit(
            user=None,
            patient=programme.episode.patient,
            episode=programme.episode,
            asked_by=programme.made_by,
        )
    if visit.photos.count() >= MOST_PHOTOS:
        raise ValidationError(_("That is enough for today. Thank you."), code="enough")
    exercise, side = exercises.parse_step(step)
    return store_photo(user=None, visit=visit, upload=upload, exercise=exercise, side=side)


@transaction.atomic
def send_link(*, user: User, episode: Episode, days: int = LINK_DAYS) -> tuple[PatientLink, str]:
    """A link to whatever programme runs in the episode, and its secret, told this once. Links from before end with it:
    a telephone that was lost opens nothing."""
    not_archived(episode.patient)
    red_flags_asked(episode)
    if not HomeProgramme.objects.running().filter(episode=episode).exists():
        raise ValidationError(_("No home programme runs. Start one first."), code="none_runs")
    for link in links_of(episode=episode, purpose=LinkPurpose.HOME_PROGRAMME):
        if link.state == LinkState.OPEN:
            revoke_link(user=user, link=link)
    return make_link(
        user=user, episode=episode, purpose=LinkPurpose.HOME_PROGRAMME, subject=str(episode.pk), days=days
    )
