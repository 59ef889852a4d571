"""What a model found is withheld while an episode's red flags aren't answered, or point to a stroke."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from clinic.patients.models import FINDINGS_SHOWN

from .models import Analysis, WithheldAnalysis
from .services import cancel_waiting, tell_changed


def follow_red_flags(*, visits: Collection[uuid.UUID]) -> bool:
    """Withhold the analyses of these visits, or show them again, as the red flags of their episodes have it now; in the
    caller's transaction, before the patients' figures are made anew. What waits is taken off the queue. Whether there
    was anything to do."""
    there = Analysis.everything.filter(photo__visit__in=visits)
    shown = there.filter(photo__visit__episode__red_flags__in=FINDINGS_SHOWN)
    withheld = there.exclude(photo__visit__episode__red_flags__in=FINDINGS_SHOWN)
    with transaction.atomic():
        cancelled = cancel_waiting(analyses=withheld)
        changed = [*_withhold(withheld.filter(withheld__isnull=True)), *_show(shown)]
        tell_changed(ids=changed)
    return bool(cancelled or changed)


def _withhold(analyses: QuerySet[Analysis]) -> list[uuid.UUID]:
    ids = list(analyses.order_by().values_list("pk", flat=True))
    WithheldAnalysis.objects.bulk_create(
        [WithheldAnalysis(analysis_id=pk) for pk in ids], ignore_conflicts=True
    )
    return ids


def _show(analyses: QuerySet[Analysis]) -> list[uuid.UUID]:
    hidden = WithheldAnalysis.objects.filter(analysis__in=analyses.order_by().values("pk"))
    ids = list(hidden.values_list("pk", flat=True))
    hidden.filter(pk__in=ids).delete()
    return ids
