"""A line for each confirmation, consent and result that was made before lines held their hashes."""

from django.db import migrations

from clinic.audit.statements import take_up


def note(apps, schema_editor):
    take_up(apps.get_model, ("confirmation", "visitconfirmation", "dismissal", "consent", "analysis"))


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0008_kinds_of_accounts_and_of_the_log_itself"),
        ("inference", "0006_reference"),
        ("patients", "0008_how_exactly_known"),
        ("visits", "0007_when_a_visit_was_confirmed"),
    ]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
