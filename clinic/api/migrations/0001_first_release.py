"""All tables of this room as the first release has them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('api', '0001_repeatable_requests')]

    initial = True

    dependencies = [
        ('accounts', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='RepeatableRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='keyed hash of the key', max_length=64)),
                ('request', models.CharField(help_text='keyed hash of operation and body', max_length=64)),
                ('record', models.UUIDField(help_text='what was made')),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='one_request_a_key')],
            },
        ),
    ]
