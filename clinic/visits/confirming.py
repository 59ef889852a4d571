"""A clinician's word on a whole visit is written here. Callers have asked the policy first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit import services as audit
from clinic.common.summaries import summaries
from clinic.common.writing import Basis, assign, lock, save
from clinic.patients.rules import not_archived, red_flags_asked
from inference.finding import Finding, Verdict, agree

from . import contradictions
from .from_home import take_over
from .models import Visit, VisitConfirmation
from .reviewing import VisitReview, visit_review

if TYPE_CHECKING:
    from clinic.accounts.models import User

GRADED: Final = frozenset({"grade"})


class Contradicted(ValidationError):
    """What is to be signed contradicts what else is known, and that was not yet named to whoever signs."""

    def __init__(self, found: contradictions.NamedContradictions) -> None:
        super().__init__(
            _("This contradicts what else is known. Look again, or confirm it all the same."), "contradicted"
        )
        self.found = found.found


def confirm_visit(
    *,
    user: User,
    visit: Visit,
    palsy: bool,
    weak_side: str = "",
    grade: int | None = None,
    comment: str = "",
    shown: Collection[str] | None = None,
    after: str | None = None,
    named: Collection[str] | None = None,
    based_on: Basis | None = None,
    at: dt.datetime | None = None,
) -> VisitConfirmation:
    """Add the clinician's word on a visit; earlier ones stay, the newest counts, and its grade is the visit's.

    shown: the analyses that were on the screen, None where none was; results that came since are never confirmed
    unseen. after: the newest word that stood there, empty for none: a colleague's is never overruled unseen.
    named: the codes of the contradictions that were named to whoever signs; Contradicted if another stands.
    based_on: the version of the visit that was shown; Conflict if the visit's grade became another one since.
    None asks nothing, for a program that has no screen. at: when it was said, if not now.
    """
    stated = _stated(palsy, weak_side, grade)
    with transaction.atomic():
        _still_open(visit)
        review = visit_review(visit=visit)
        if shown is not None and sorted(shown) != review.shown:
            raise ValidationError(_("New results came in meanwhile. Look at them first."), "stale")
        if after is not None and after != review.newest_confirmation:
            raise ValidationError(_("Somebody graded this visit meanwhile. Look at it first."), "stale")
        found = contradictions.named(review.case(stated), named or ())
        if named is not None and not found.all_named:
            raise Contradicted(found)
        row = _row(user, visit, stated, comment, review)
        row.contradictions = sorted({one.code for one in found.found})
        row.created_at = at or row.created_at
        _add(user, visit, row, based_on)
    return row


def record_grade(*, user: User, visit: Visit, grade: int | None) -> VisitConfirmation:
    """Note who gave the visit its grade, or took it back, where no more was said than that.

    A side that was said before stays said as long as there still is a weakness.
    """
    newest = visit.confirmations.order_by("created_at").last()
    side = newest.weak_side if newest is not None and grade is not None and grade > 1 else ""
    stated = None
    if grade is not None:
        stated = Finding("", Verdict.WEAK if grade > 1 else Verdict.NORMAL, side, grade)
    row = _row(user, visit, stated, "", visit_review(visit=visit))
    row.save(force_insert=True)
    audit.log_change(record=row, user=user, how="given")
    return row


def _stated(palsy: bool, weak_side: str, grade: int | None) -> Finding:
    """What is said, if it agrees with itself."""
    if palsy and not weak_side:
        raise ValidationError({"weak_side": _("Choose the weak side.")})
    if not palsy and weak_side:
        raise ValidationError({"weak_side": _("Without palsy there is no weak side.")})
    if not palsy and grade not in (None, 1):
        raise ValidationError({"grade": _("Without palsy the grade is I.")})
    if palsy and grade == 1:
        raise ValidationError({"grade": _("With a palsy the grade is II or more.")})
    return Finding("", Verdict.WEAK if palsy else Verdict.NORMAL, weak_side, grade)


def _row(
    user: User, visit: Visit, stated: Finding | None, comment: str, review: VisitReview
) -> VisitConfirmation:
    known = review.known
    model = known.model
    return VisitConfirmation(
        visit=visit,
        by=user,
        palsy=stated.palsy if stated is not None else None,
        weak_side=stated.weak_side if stated is not None else "",
        grade=stated.grade if stated is not None else None,
        comment=comment.strip(),
        analyses=review.shown,
        release=known.release,
        model_verdict=model.stated_verdict if model is not None else "",
        model_side=model.weak_side if model is not None else "",
        model_grade=known.model_grade,
        agrees=stated is not None and model is not None and agree(stated, model),
    )


def _still_open(visit: Visit) -> None:
    """The visit and its record were open when the page was shown; whoever closes them meanwhile is first."""
    lock(visit)
    if visit.archived_at:
        raise ValidationError(_("This record is archived. Restore it before changing it."), code="archived")
    not_archived(visit.patient)
    red_flags_asked(visit.episode)


def _add(user: User, visit: Visit, row: VisitConfirmation, based_on: Basis | None) -> None:
    row.full_clean(exclude=["visit", "by"])
    row.save(force_insert=True)
    audit.log_change(record=row, user=user, how="given")
    changed = [*assign(visit, {"grade": row.grade}, GRADED, based_on=based_on), *take_over(visit, user)]
    if changed:
        save(visit, user=user, only=changed)
    summaries().refresh(patient_id=visit.patient_id, visits=[visit.pk])
