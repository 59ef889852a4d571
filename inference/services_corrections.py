"""Points of an analysis that a clinician puts where they belong. Callers have asked the policy first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit import services as audit
from clinic.common.summaries import summaries
from clinic.patients.rules import not_archived, red_flags_asked
from inference.pipeline.errors import MeasurementFailed
from inference.pipeline.measure.moving import Moved, checked, remeasured

from .finding import figures_of
from .models import Analysis, LandmarkCorrection
from .photos import photos
from .selectors_corrections import can_be_corrected, correction_of
from .services import tell_changed

if TYPE_CHECKING:
    from clinic.accounts.models import User


class CorrectedMeanwhile(ValidationError):
    """Somebody else moved points since; nothing of this is kept. newest: theirs."""

    def __init__(self, newest: LandmarkCorrection | None) -> None:
        super().__init__(_("Somebody moved points of this photo meanwhile."), code="changed_meanwhile")
        self.newest = newest


def measured(*, analysis: Analysis, points: Moved) -> tuple[dict[int, list[float]], dict[str, Any]]:
    """Those of the points that lie elsewhere than the model's, and the measures with them. ValidationError for points
    that no measure reads, that lie outside the photo, or that no measures can be taken from."""
    if not can_be_corrected(analysis=analysis):
        raise ValidationError(_("The points of this result can't be moved."), code="no_points")
    landmarks, symmetry = analysis.landmarks or [], figures_of(analysis.findings).symmetry
    try:
        moved = checked(points, landmarks)
        return moved, remeasured(symmetry, landmarks, moved, (analysis.photo.width, analysis.photo.height))
    except ValueError as error:
        said = _("Only points that measures use can be moved, and only within the photo.")
        raise ValidationError(said, code="invalid") from error
    except MeasurementFailed as error:
        said = _(
            "Nothing can be measured with these points. Look at the eyes' corners and the edges of the irises."
        )
        raise ValidationError(said, code="not_measurable") from error


@transaction.atomic
def correct_landmarks(
    *, user: User, analysis: Analysis, points: Moved, based_on: int | None = None
) -> LandmarkCorrection:
    """Keep where a clinician puts these points, by index as shares of the photo; all others are the model's. Without
    any the model's hold again. Earlier corrections stay, and so does the analysis.

    based_on: the number of the newest correction that was shown, 0 for none; CorrectedMeanwhile if there is a newer
    one. None asks nothing.
    """
    rows = photos().select_for_update(of=("self",)).select_related("visit__patient__clinic", "visit__episode")
    photo = rows.get(pk=analysis.photo_id)
    if photo.archived_at or photo.visit.archived_at:
        raise ValidationError(_("This record is archived. Restore it before changing it."), code="archived")
    not_archived(photo.visit.patient)
    red_flags_asked(photo.visit.episode)
    newest = correction_of(analysis=analysis)
    number = newest.number if newest is not None else 0
    if based_on is not None and based_on != number:
        raise CorrectedMeanwhile(newest)
    moved, symmetry = measured(analysis=analysis, points=points)
    correction = LandmarkCorrection(
        analysis=analysis,
        number=number + 1,
        by=user,
        points={str(index): place for index, place in moved.items()},
        symmetry=symmetry if moved else {},
    )
    correction.full_clean(exclude=["analysis", "by"])
    correction.save(force_insert=True)
    audit.log_change(record=correction, user=user, how="given")
    tell_changed(ids=[analysis.pk])
    summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
    return correction
