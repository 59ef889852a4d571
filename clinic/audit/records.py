"""What the log knows of records: whose history is kept, who wrote one, and whom it is about."""

from __future__ import annotations

from typing import Any

from django.apps import apps


def kept() -> dict[str, Any]:
    """The models whose changes are kept, and the model of their history, by the name that the log uses."""
    return {
        model._meta.model_name or "": getattr(model, model._meta.simple_history_manager_attribute).model
        for model in apps.get_models()
        if hasattr(model._meta, "simple_history_manager_attribute")
    }


def writers_of(record: Any) -> set[int | None]:
    """Everybody who wrote the record or changed it, by their history; None where that names nobody."""
    if hasattr(record, "history"):
        return set(record.history.order_by().values_list("history_user_id", flat=True).distinct())
    return {record.recorded_by_id} if hasattr(record, "recorded_by_id") else {None}


def patient_of(record: Any) -> Any:
    """The patient whom a record is about: itself, or reached by its own links; None if it is about none."""
    if record._meta.model_name == "patient":
        return record
    for link in ("patient", "episode", "visit", "photo", "analysis"):
        if hasattr(record, f"{link}_id"):
            other = getattr(record, link)
            if other is not None:
                return patient_of(other)
    return None
