"""A line for each restriction, legal hold and erasure that was made before lines held their hashes."""

from django.db import migrations

from clinic.audit.statements import take_up


def note(apps, schema_editor):
    take_up(apps.get_model, ("restriction", "legalhold", "erasure"))


class Migration(migrations.Migration):
    dependencies = [("audit", "0010_reasons"), ("patients", "0008_how_exactly_known")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
