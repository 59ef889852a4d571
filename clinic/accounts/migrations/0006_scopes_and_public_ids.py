import uuid

from django.db import migrations, models

EVERY = "patients.read patients.write photos.write results.read results.confirm"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_model_use")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.CharField(db_default=EVERY, default=EVERY, max_length=200),
        ),
        # Added without a default, which would be one and the same for everybody who is there.
        migrations.AddField(
            model_name="user", name="public_id", field=models.UUIDField(editable=False, null=True)
        ),
        migrations.AlterField(
            model_name="user",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True),
        ),
    ]
