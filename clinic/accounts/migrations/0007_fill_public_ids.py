import uuid

from django.db import migrations


def give(apps, schema_editor):
    user = apps.get_model("accounts", "User")
    for pk in user.objects.filter(public_id__isnull=True).values_list("pk", flat=True):
        user.objects.filter(pk=pk, public_id__isnull=True).update(public_id=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_scopes_and_public_ids")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
