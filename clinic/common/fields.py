"""Fields that no form asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.utils.module_loading import import_string


class OrjsonField(models.JSONField):
    """JSON that is read by the hundred: a long course is a megabyte of it, and half of what its page costs.

    The database and migrations know it as Django's own.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None or (isinstance(expression, KeyTransform) and not isinstance(value, str)):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return super().from_db_value(value, expression, connection)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class DerivedField(models.TextField):
    """A text made from other fields of the row each time that it is saved, for the database to search and sort by.

    `derive` is the dotted path of a function that takes the values of the fields named in `of`, in their order.
    """

    def __init__(self, *args: Any, of: tuple[str, ...] = (), derive: str = "", **kwargs: Any) -> None:
        self.of, self.derive = tuple(of), derive
        super().__init__(*args, **{"editable": False, "blank": True, "db_default": "", **kwargs})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of, "derive": self.derive}

    def value_for(self, record: models.Model) -> str:
        """The text for that row as it stands."""
        make: Callable[..., str] = import_string(self.derive)
        return make(*(getattr(record, name) for name in self.of))

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.value_for(model_instance)
        setattr(model_instance, self.attname, value)
        return value


def derived_fields(record: models.Model) -> list[str]:
    """The names of the fields that are made anew at each save, whatever else is written."""
    return [field.name for field in record._meta.concrete_fields if isinstance(field, DerivedField)]
