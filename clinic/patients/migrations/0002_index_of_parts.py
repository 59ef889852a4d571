"""Parts of names and numbers are found by an index."""

from django.db import DatabaseError, migrations

NAME = "patients_by_part_of_text"


def add_search_index(apps, schema_editor):
    """PostgreSQL's index of letter triples, where its extension is there and may be had; without it searches read all
    patients of the clinic, and find the same."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError:
            return  # the account may not: whoever may does it, and makes this index, as docs/operations says
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME} ON patients_patient "
            "USING gin (search_text gin_trgm_ops)"
        )


def drop_search_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")


class Migration(migrations.Migration):
    atomic = False

    replaces = [("patients", "0010_index_of_parts")]
    dependencies = [("patients", "0001_first_release")]

    operations = [migrations.RunPython(add_search_index, drop_search_index)]
