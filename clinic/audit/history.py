"""The history of a record, each line of which also stands in the log: changes are found beside reads."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from .services import log_change

HOW = {"+": "created", "~": "changed", "-": "deleted"}


class History(HistoricalRecords):
    """Keeps what a record was, and says in the log that it changed, by whom and from where. indexes: of its lines.
    kept: by field, what of its value a line keeps, where the whole grows with each change and follows from other
    records; it must differ wherever the whole does."""

    def __init__(
        self,
        *args: Any,
        indexes: Sequence[models.Index] = (),
        kept: Mapping[str, Callable[[Any], Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.indexes = indexes
        self.kept = kept or {}

    def create_history_model(self, model: type[models.Model], inherited: bool) -> Any:
        made = super().create_history_model(model, inherited)
        made.kept = self.kept
        return made

    def create_historical_record(
        self, instance: models.Model, history_type: str, using: str | None = None
    ) -> None:
        if self.kept:
            instance = copy.copy(instance)
            for name, part in self.kept.items():
                setattr(instance, name, part(getattr(instance, name)))
        super().create_historical_record(instance, history_type, using)

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
