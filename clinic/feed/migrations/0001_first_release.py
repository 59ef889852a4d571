"""All tables of this room as the first release has them."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('feed', '0001_initial'), ('feed', '0002_records_made_so_far')]

    initial = True

    dependencies = [
        ('accounts', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='Feed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last', models.BigIntegerField(default=0)),
                ('generation', models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(editable=False, null=True, unique=True)),
                ('kind', models.CharField(choices=[('patient', 'Patient'), ('episode', 'Episode'), ('treatment', 'Treatment'), ('consent', 'Consent'), ('visit', 'Visit'), ('photo', 'Photo'), ('analysis', 'Analysis'), ('confirmation', 'Confirmation'), ('task', 'Task')], max_length=12)),
                ('record', models.UUIDField()),
                ('what', models.CharField(choices=[('created', 'Created'), ('changed', 'Changed'), ('archived', 'Archived'), ('restored', 'Restored'), ('revoked', 'Revoked'), ('restricted', 'Restricted'), ('restriction_lifted', 'Restriction Lifted'), ('erased', 'Erased'), ('destroyed', 'Destroyed')], max_length=20)),
                ('version', models.BigIntegerField(help_text='of the record; it grows', null=True)),
                ('patient', models.UUIDField(help_text='identifier alone: the row stays when the record is destroyed')),
                ('photo', models.UUIDField(help_text='that an analysis or a confirmation is of', null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
            ],
            options={
                'ordering': ['position', 'id'],
                'indexes': [models.Index(fields=['clinic', 'position'], name='feed_of_a_clinic'), models.Index(fields=['patient'], name='feed_of_a_patient'), models.Index(condition=models.Q(('position__isnull', True)), fields=['id'], name='feed_not_placed')],
            },
        ),
    ]
