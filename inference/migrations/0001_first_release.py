"""All tables of this room as the first release has them."""

import django.db.models.deletion
import django.utils.timezone
import inference.fields
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('inference', '0001_initial'), ('inference', '0002_initial'), ('inference', '0003_tries_from'), ('inference', '0004_releases'), ('inference', '0005_who_holds_an_analysis'), ('inference', '0006_reference'), ('inference', '0007_index_of_ends'), ('inference', '0008_tallies'), ('inference', '0009_whose_turn'), ('inference', '0010_compact_landmarks'), ('inference', '0011_one_kind_of_job')]

    initial = True

    dependencies = [
        ('visits', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='Canary',
            fields=[
                ('queue', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('sent_at', models.DateTimeField(blank=True, help_text='the oldest that has not come out', null=True)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('passed_at', models.DateTimeField(blank=True, help_text='when the newest that came out had been sent', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ModelRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True)),
                ('fingerprint', models.CharField(help_text='SHA-256 over release.json, card.json and all files', max_length=64)),
                ('state', models.CharField(choices=[('registered', 'Installed'), ('active', 'In use'), ('shadow', 'Runs beside, unseen'), ('retired', 'Retired')], default='registered', max_length=12)),
                ('registered_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-registered_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['registered', 'active', 'shadow', 'retired'])), name='release_state_known'), models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('state',), name='one_active_release'), models.UniqueConstraint(condition=models.Q(('state', 'shadow')), fields=('state',), name='one_shadow_release')],
            },
        ),
        migrations.CreateModel(
            name='ReleaseChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('before', models.CharField(blank=True, choices=[('registered', 'Installed'), ('active', 'In use'), ('shadow', 'Runs beside, unseen'), ('retired', 'Retired')], max_length=12)),
                ('after', models.CharField(choices=[('registered', 'Installed'), ('active', 'In use'), ('shadow', 'Runs beside, unseen'), ('retired', 'Retired')], max_length=12)),
                ('photos', models.PositiveIntegerField(blank=True, help_text='queued for it, by “reanalyse”', null=True)),
                ('by', models.CharField(help_text='who typed the command: the account on the server, or as given', max_length=150)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='inference.modelrelease')),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Analysis',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('release', models.CharField(max_length=64)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('published_at', models.DateTimeField(blank=True, help_text='when its message last went to the broker', null=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('holder', models.CharField(blank=True, db_default='', default='', help_text='which process took the last attempt', max_length=48)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error_code', models.CharField(blank=True, help_text='a code of inference.errors', max_length=40)),
                ('status', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Being analysed'), ('succeeded', 'Analysed'), ('rejected', 'Retake the photo'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], db_index=True, default='queued', max_length=12)),
                ('tries_from', models.PositiveSmallIntegerField(default=0, help_text='attempts before the last “try again”; the limit counts from here')),
                ('priority', models.PositiveSmallIntegerField(db_default=0, default=0, help_text='of its message, 0 before all; see inference.jobs.turns')),
                ('exercise', models.CharField(blank=True, max_length=32)),
                ('exercise_probability', models.FloatField(blank=True, null=True)),
                ('palsy_probability', models.FloatField(blank=True, null=True)),
                ('weak_side', models.CharField(blank=True, max_length=8)),
                ('grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('brow_ratio', models.FloatField(blank=True, null=True)),
                ('eye_ratio', models.FloatField(blank=True, null=True)),
                ('mouth_ratio', models.FloatField(blank=True, null=True)),
                ('findings', models.JSONField(blank=True, null=True)),
                ('landmarks', inference.fields.LandmarksField(blank=True, null=True)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='analyses', to='visits.photo')),
                ('reference', models.ForeignKey(blank=True, help_text='the face at rest that the photo was judged beside', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='visits.photo')),
            ],
            options={
                'ordering': ['-queued_at'],
                'indexes': [models.Index(fields=['status', 'queued_at'], name='inference_a_status_a779eb_idx'), models.Index(fields=['status', 'lease_until'], name='inference_a_status_5e5bd1_idx'), models.Index(fields=['finished_at'], name='analyses_by_end')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ['queued', 'running'])), fields=('photo', 'release'), name='one_open_analysis_per_photo_and_release'), models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'succeeded', 'rejected', 'failed', 'cancelled'])), name='analysis_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), models.Q(('attempt__gte', 1), ('lease_until__isnull', False)), _connector='OR'), name='running_has_a_lease'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'succeeded'), _negated=True), models.Q(('findings__isnull', False), ('finished_at__isnull', False), ('palsy_probability__isnull', False)), _connector='OR'), name='succeeded_has_findings'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['rejected', 'failed']), _negated=True), models.Q(models.Q(('error_code', ''), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='rejected_or_failed_has_a_reason'), models.CheckConstraint(condition=models.Q(('status', 'succeeded'), models.Q(('grade__isnull', True), ('palsy_probability__isnull', True)), _connector='OR'), name='no_numbers_without_success')],
            },
        ),
        migrations.CreateModel(
            name='BackgroundAnalysis',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('release', models.CharField(max_length=64)),
                ('status', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Being analysed'), ('succeeded', 'Analysed'), ('rejected', 'Retake the photo'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=12)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('published_at', models.DateTimeField(blank=True, help_text='when its message last went to the broker', null=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('holder', models.CharField(blank=True, db_default='', default='', help_text='which process took the last attempt', max_length=48)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error_code', models.CharField(blank=True, help_text='a code of inference.errors', max_length=40)),
                ('purpose', models.CharField(choices=[('shadow', 'beside the release in use'), ('reanalysis', 'over an old photo')], max_length=12)),
                ('findings', models.JSONField(blank=True, help_text="a shadow's, without landmarks", null=True)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='visits.photo')),
            ],
            options={
                'ordering': ['-queued_at'],
                'indexes': [models.Index(fields=['status', 'published_at', 'queued_at'], name='background_by_turn')],
                'constraints': [models.UniqueConstraint(fields=('photo', 'release', 'purpose'), name='one_background_job_per_photo_and_release'), models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'succeeded', 'rejected', 'failed', 'cancelled'])), name='background_status_known'), models.CheckConstraint(condition=models.Q(('purpose__in', ['shadow', 'reanalysis'])), name='background_purpose_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), models.Q(('attempt__gte', 1), ('lease_until__isnull', False)), _connector='OR'), name='background_running_has_a_lease'), models.CheckConstraint(condition=models.Q(('purpose', 'shadow'), ('findings__isnull', True), _connector='OR'), name='background_keeps_a_shadows_findings_only')],
            },
        ),
        migrations.CreateModel(
            name='ClinicTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(blank=True, max_length=64)),
                ('release', models.CharField(max_length=64)),
                ('unseen', models.BooleanField(default=False)),
                ('counts', models.JSONField(default=dict)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic')),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'release'], name='tallies_by_clinic')],
            },
        ),
        migrations.CreateModel(
            name='VisitTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(blank=True, help_text='the release that it is held against; empty: the clinicians', max_length=64)),
                ('release', models.CharField(max_length=64)),
                ('unseen', models.BooleanField(default=False, help_text='found by a job whose results no page shows')),
                ('counts', models.JSONField(default=dict)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='patients.patient')),
                ('visit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='visits.visit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('patient', 'visit', 'reference', 'release', 'unseen'), name='one_tally_of_a_visit')],
            },
        ),
    ]
