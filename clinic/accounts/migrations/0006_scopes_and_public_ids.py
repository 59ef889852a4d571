import uuid

from django.db import migrations, models

EVERY = "patients.read patients.write photos.write results.read results.confirm"


def give(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    for user in User.objects.filter(public_id__isnull=True).only("pk"):
        User.objects.filter(pk=user.pk).update(public_id=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_model_use")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.CharField(db_default=EVERY, default=EVERY, max_length=200),
        ),
        # Added without a default, which would be one and the same for everybody.
        migrations.AddField(
            model_name="user", name="public_id", field=models.UUIDField(editable=False, null=True)
        ),
        migrations.RunPython(give, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True, unique=True),
        ),
    ]
