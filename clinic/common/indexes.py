"""Indexes and checks on tables in use; indexes for migrations with `atomic = False`."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class AddIndex(AddIndexConcurrently):
    """Without a lock where that is possible; SQLite has one writer at a time anyway."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class AddCheck(migrations.AddConstraint):
    """A check that asks less than one before it did: where that is possible, no old row is read for it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql" or not self.allow_migrate_model(
            schema_editor.connection.alias, model
        ):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        added = self.constraint.create_sql(model, schema_editor)
        if added is not None:
            schema_editor.execute(f"{added} NOT VALID", params=None)


class ValidateCheck(migrations.RunPython):
    """Hold old rows against a check that `AddCheck` added, in a migration of its own: reading and writing go on, and
    the check is in force from then on. Elsewhere it is already."""

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name, self.name = model_name, name
        super().__init__(self._validate, migrations.RunPython.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [], {"model_name": self.model_name, "name": self.name}

    def _validate(self, apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            table = apps.get_model(self.model_name)._meta.db_table
            quoted = map(schema_editor.quote_name, (table, self.name))
            schema_editor.execute("ALTER TABLE {} VALIDATE CONSTRAINT {}".format(*quoted))
