"""The history of a record, each line of which also stands in the log: changes are found beside reads."""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from .services import log_change

HOW = {"+": "created", "~": "changed", "-": "deleted"}


class History(HistoricalRecords):
    """Keeps what a record was, and says in the log that it changed, by whom and from where."""

    def create_historical_record_m2ms(self, history_instance: Any, instance: models.Model) -> None:
        # The one step that is handed the new line of the history once it is stored.
        super().create_historical_record_m2ms(history_instance, instance)
        log_change(
            record=instance,
            user=history_instance.history_user,
            how=HOW[history_instance.history_type],
            version=history_instance.pk,
            request=getattr(self.context, "request", None),
        )
