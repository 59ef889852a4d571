"""The history of a record, each line of which also stands in the log: changes are found beside reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from .services import log_change

HOW = {"+": "created", "~": "changed", "-": "deleted"}


class History(HistoricalRecords):
    """Keeps what a record was, and says in the log that it changed, by whom and from where. indexes: of its lines."""

    def __init__(self, *args: Any, indexes: Sequence[models.Index] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.indexes = indexes

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options(model)
        return {**options, "indexes": [*options.get("indexes", ()), *self.indexes]}

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
