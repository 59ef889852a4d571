"""All tables of this room as the first release has them."""

import clinic.common.fields
import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('patients', '0001_initial'), ('patients', '0002_rights_of_patients'), ('patients', '0003_versions'), ('patients', '0004_search'), ('patients', '0005_fill_search'), ('patients', '0006_index_sort_name'), ('patients', '0007_consent_manner'), ('patients', '0008_how_exactly_known'), ('patients', '0009_lists_by_index'), ('patients', '0011_index_of_shelves')]

    initial = True

    dependencies = [
        ('accounts', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='Episode',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('cause', models.CharField(choices=[('bells_palsy', "Bell's palsy"), ('stroke', 'Stroke'), ('ramsay_hunt', 'Ramsay Hunt syndrome'), ('trauma', 'Trauma'), ('tumour_or_surgery', 'Tumour or surgery'), ('congenital', 'Congenital'), ('other', 'Other')], max_length=24, verbose_name='cause')),
                ('weak_side', models.CharField(blank=True, choices=[(None, 'None found'), ('left', 'Left'), ('right', 'Right'), ('both', 'Both')], max_length=8, verbose_name='weak side')),
                ('onset_date', models.DateField(verbose_name='onset date')),
                ('onset_precision', models.CharField(choices=[('day', 'To the day'), ('month', 'Month and year'), ('year', 'Year alone'), ('unknown', 'Not known')], default='day', max_length=8, verbose_name='onset known')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
            ],
            options={
                'ordering': ['-onset_date', '-created_at'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalPatient',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('record_number', models.CharField(max_length=32, verbose_name='record number')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('birth_date', models.DateField(blank=True, null=True, verbose_name='birth date')),
                ('birth_precision', models.CharField(choices=[('day', 'To the day'), ('year', 'Year alone')], default='day', max_length=8, verbose_name='birth date known')),
                ('sex', models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('other', 'Other'), ('unknown', 'Not recorded')], default='unknown', max_length=8, verbose_name='sex')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('languages', models.CharField(blank=True, help_text='Separated by commas.', max_length=120, verbose_name='languages')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('restricted_at', models.DateTimeField(blank=True, editable=False, help_text='kept, but neither shown nor used', null=True, verbose_name='restricted')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('clinic', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.clinic')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical patient',
                'verbose_name_plural': 'historical patients',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalTreatment',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('kind', models.CharField(choices=[('steroids', 'Steroids'), ('surgery', 'Surgery'), ('botulinum_toxin', 'Botulinum toxin'), ('therapy_start', 'Start of therapy'), ('other', 'Other')], max_length=24, verbose_name='treatment')),
                ('date', models.DateField(verbose_name='date')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('episode', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.episode')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical treatment',
                'verbose_name_plural': 'historical treatments',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Patient',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('record_number', models.CharField(max_length=32, verbose_name='record number')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('birth_date', models.DateField(blank=True, null=True, verbose_name='birth date')),
                ('birth_precision', models.CharField(choices=[('day', 'To the day'), ('year', 'Year alone')], default='day', max_length=8, verbose_name='birth date known')),
                ('sex', models.CharField(choices=[('female', 'Female'), ('male', 'Male'), ('other', 'Other'), ('unknown', 'Not recorded')], default='unknown', max_length=8, verbose_name='sex')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('languages', models.CharField(blank=True, help_text='Separated by commas.', max_length=120, verbose_name='languages')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('restricted_at', models.DateTimeField(blank=True, editable=False, help_text='kept, but neither shown nor used', null=True, verbose_name='restricted')),
                ('search_text', clinic.common.fields.DerivedField(blank=True, db_default='', derive='clinic.patients.lookup.search_text_of', editable=False, of=('name', 'record_number', 'phone'))),
                ('sort_name', clinic.common.fields.DerivedField(blank=True, db_default='', derive='clinic.common.folding.fold', editable=False, of=('name',))),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='patients', to='accounts.clinic')),
            ],
            options={
                'ordering': ['sort_name', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('lifted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('lifted_reason', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='patients.patient')),
            ],
            options={
                'ordering': ['-created_at'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HistoricalEpisode',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('cause', models.CharField(choices=[('bells_palsy', "Bell's palsy"), ('stroke', 'Stroke'), ('ramsay_hunt', 'Ramsay Hunt syndrome'), ('trauma', 'Trauma'), ('tumour_or_surgery', 'Tumour or surgery'), ('congenital', 'Congenital'), ('other', 'Other')], max_length=24, verbose_name='cause')),
                ('weak_side', models.CharField(blank=True, choices=[(None, 'None found'), ('left', 'Left'), ('right', 'Right'), ('both', 'Both')], max_length=8, verbose_name='weak side')),
                ('onset_date', models.DateField(verbose_name='onset date')),
                ('onset_precision', models.CharField(choices=[('day', 'To the day'), ('month', 'Month and year'), ('year', 'Year alone'), ('unknown', 'Not known')], default='day', max_length=8, verbose_name='onset known')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.patient')),
            ],
            options={
                'verbose_name': 'historical episode',
                'verbose_name_plural': 'historical episodes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('keep_until', models.DateField(help_text="the record's retention, as it was known when erasure was asked for")),
                ('copies', models.JSONField(default=dict, help_text='what was destroyed at once: counts, and names of exports')),
                ('destroyed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('destroyed', models.JSONField(blank=True, default=dict, help_text='how many rows and files of each kind')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='erasures', to='patients.patient')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddField(
            model_name='episode',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='episodes', to='patients.patient'),
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('received_on', models.DateField(verbose_name='received on')),
                ('disputed', models.TextField(verbose_name='what the patient disputes')),
                ('state', models.CharField(choices=[('open', 'To be decided'), ('corrected', 'Corrected'), ('statement', "Not changed; the patient's statement is attached")], default='open', max_length=12)),
                ('answer', models.TextField(blank=True, verbose_name='what was decided, and why')),
                ('statement', models.TextField(blank=True, verbose_name="the patient's statement")),
                ('decided_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='patients.patient')),
            ],
            options={
                'ordering': ['-received_on', '-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('use', models.CharField(choices=[('record', 'Clinical record'), ('teaching', 'Teaching'), ('publication', 'Publication'), ('model_training', 'Model training')], max_length=16, verbose_name='use')),
                ('given_on', models.DateField(verbose_name='given on')),
                ('manner', models.CharField(blank=True, choices=[('form', 'Signed form'), ('spoken', 'Spoken, in front of the person who records it'), ('guardian', 'By a parent or guardian')], db_default='', default='', max_length=12, verbose_name='how')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revoked_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='patients.patient')),
            ],
            options={
                'ordering': ['-given_on', '-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Restriction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('lifted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('lifted_reason', models.CharField(blank=True, max_length=200)),
                ('ground', models.CharField(choices=[('disputed', 'The patient disputes that the record is right'), ('unlawful', 'The record was made wrongly, and the patient wants it kept'), ('claim', 'The patient needs the record for a legal claim'), ('objection', 'The patient objects, and the objection is being looked at'), ('erasure', 'The patient asked for erasure; the record is kept for its retention')], max_length=12, verbose_name='ground')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='restrictions', to='patients.patient')),
            ],
            options={
                'ordering': ['-created_at'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Treatment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('kind', models.CharField(choices=[('steroids', 'Steroids'), ('surgery', 'Surgery'), ('botulinum_toxin', 'Botulinum toxin'), ('therapy_start', 'Start of therapy'), ('other', 'Other')], max_length=24, verbose_name='treatment')),
                ('date', models.DateField(verbose_name='date')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('episode', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='treatments', to='patients.episode')),
            ],
            options={
                'ordering': ['date', 'created_at'],
            },
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(fields=['clinic', 'name'], name='patients_pa_clinic__16f4da_idx'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(fields=['clinic', 'sort_name'], name='patients_by_sort_name'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(fields=['clinic', 'archived_at'], name='patients_pa_clinic__32c6c3_idx'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(fields=['clinic', 'birth_date'], name='patients_by_birth_date'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('restricted_at__isnull', True)), fields=['clinic', 'sort_name', 'name', 'id'], name='patients_on_the_lists'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(condition=models.Q(('archived_at__isnull', False)), fields=['clinic', 'sort_name', 'name', 'id'], name='patients_in_the_archive'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(condition=models.Q(('restricted_at__isnull', False)), fields=['clinic'], name='patients_restricted'),
        ),
        migrations.AddConstraint(
            model_name='patient',
            constraint=models.UniqueConstraint(fields=('clinic', 'record_number'), name='record_number_unique_in_clinic', violation_error_message='This record number is taken by another patient of the clinic.'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('patient',), name='one_legal_hold_in_force'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(fields=('patient',), name='erased_once'),
        ),
        migrations.AddConstraint(
            model_name='episode',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['bells_palsy', 'stroke', 'ramsay_hunt', 'trauma', 'tumour_or_surgery', 'congenital', 'other'])), name='episode_cause_known'),
        ),
        migrations.AddConstraint(
            model_name='episode',
            constraint=models.CheckConstraint(condition=models.Q(('weak_side__in', ['', 'left', 'right', 'both'])), name='episode_weak_side_known'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='correction_decided_has_a_day'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'statement'), _negated=True), models.Q(('statement', ''), _negated=True), _connector='OR'), name='correction_statement_is_there'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('patient', 'use'), name='one_consent_in_force_per_use'),
        ),
        migrations.AddConstraint(
            model_name='restriction',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('patient',), name='one_restriction_in_force'),
        ),
    ]
