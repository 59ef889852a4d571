"""Apart from the rest: knox's tokens ask for the users, and these for knox's tokens."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('accounts', '0002_api_token'), ('accounts', '0003_sessions_and_second_factor'), ('accounts', '0004_versions'), ('accounts', '0005_model_use'), ('accounts', '0006_scopes_and_public_ids'), ('accounts', '0007_fill_public_ids'), ('accounts', '0008_tokens_invitations_notices'), ('accounts', '0009_holders_accept'), ('accounts', '0010_more_notices')]

    initial = True

    dependencies = [
        ('accounts', '0001_first_release'),
        ('knox', '0009_extend_authtoken_field'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('scopes', models.CharField(db_default='patients.read patients.write photos.write results.read results.confirm', default='patients.read patients.write photos.write results.read results.confirm', max_length=200)),
                ('strength', models.CharField(blank=True, db_default='', default='', help_text='with which proofs it was made', max_length=60)),
                ('made_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('token', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='label', to=settings.KNOX_TOKEN_MODEL)),
                ('clinic', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='accounts.clinic')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='TokenUse',
            fields=[
                ('token', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='use', serialize=False, to='accounts.apitoken')),
                ('at', models.DateTimeField()),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
            ],
        ),
    ]
