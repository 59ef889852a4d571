"""All tables of this room as the first release has them."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('operations', '0001_signs_checks_and_backups')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Backup',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('state', models.CharField(choices=[('done', 'Done'), ('failed', 'Failed')], max_length=12)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField()),
                ('name', models.CharField(blank=True, help_text="of the archive's file", max_length=80)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('photos', models.PositiveBigIntegerField(default=0)),
                ('rows', models.PositiveBigIntegerField(default=0)),
                ('missing', models.PositiveIntegerField(default=0, help_text='files that rows name and nobody could read')),
                ('keys', models.BooleanField(default=False, help_text='the keys were written to an archive of their own')),
                ('verified_at', models.DateTimeField(blank=True, help_text='when it was read back and every checksum found right', null=True)),
                ('error_code', models.CharField(blank=True, max_length=40)),
            ],
            options={
                'ordering': ['-started_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['done', 'failed'])), name='backup_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('error_code', ''), _negated=True), _connector='OR'), name='failed_backup_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='IntegrityCheck',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('kind', models.CharField(choices=[('sample', 'Sample'), ('whole', 'Whole'), ('restore', 'After a restore')], max_length=12)),
                ('state', models.CharField(choices=[('running', 'Under way'), ('done', 'Done'), ('stopped', 'Given up')], default='running', max_length=12)),
                ('share', models.PositiveSmallIntegerField(default=100, help_text='percent of the files that are read')),
                ('repairs', models.BooleanField(default=False, help_text='what is safe to repair is repaired')),
                ('stage', models.CharField(blank=True, max_length=24)),
                ('cursor', models.CharField(blank=True, help_text='where the stage goes on', max_length=80)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('photos', models.PositiveBigIntegerField(default=0)),
                ('files', models.PositiveBigIntegerField(default=0)),
                ('records', models.PositiveBigIntegerField(default=0)),
                ('found', models.PositiveIntegerField(default=0)),
                ('repaired', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['sample', 'whole', 'restore'])), name='integrity_kind_known'), models.CheckConstraint(condition=models.Q(('state__in', ['running', 'done', 'stopped'])), name='integrity_state_known'), models.CheckConstraint(condition=models.Q(('state', 'running'), ('finished_at__isnull', False), _connector='OR'), name='integrity_over_has_an_end'), models.CheckConstraint(condition=models.Q(('share__range', (1, 100))), name='integrity_share_is_percent')],
            },
        ),
        migrations.CreateModel(
            name='IntegrityFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40)),
                ('subject', models.CharField(blank=True, help_text="an identifier, or a file's random name", max_length=80)),
                ('repaired', models.BooleanField(default=False)),
                ('check_run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='operations.integritycheck')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('check_run', 'code', 'subject'), name='one_finding_of_a_kind')],
            },
        ),
    ]
