"""All tables of this room as the first release has them."""

import clinic.visits.models
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('visits', '0001_initial')]

    initial = True

    dependencies = [
        ('patients', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalVisit',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date and time')),
                ('impression', models.TextField(blank=True, verbose_name='impression')),
                ('grade', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'I'), (2, 'II'), (3, 'III'), (4, 'IV'), (5, 'V'), (6, 'VI')], null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(6)], verbose_name='House-Brackmann grade')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('clinician', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='seen by')),
                ('episode', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.episode')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.patient')),
            ],
            options={
                'verbose_name': 'historical visit',
                'verbose_name_plural': 'historical visits',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date and time')),
                ('impression', models.TextField(blank=True, verbose_name='impression')),
                ('grade', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'I'), (2, 'II'), (3, 'III'), (4, 'IV'), (5, 'V'), (6, 'VI')], null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(6)], verbose_name='House-Brackmann grade')),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('clinician', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to=settings.AUTH_USER_MODEL, verbose_name='seen by')),
                ('episode', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='patients.episode')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='patients.patient')),
            ],
            options={
                'ordering': ['-at', '-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Photo',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('exercise', models.CharField(max_length=32, validators=[clinic.visits.models.validate_exercise], verbose_name='exercise asked for')),
                ('side', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right')], max_length=8, verbose_name='side')),
                ('exercise_named', models.BooleanField(db_default=True, default=True, editable=False, help_text="somebody, or the file's name, said which exercise it shows; else its place among the files did")),
                ('taken_at', models.DateTimeField(verbose_name='taken at')),
                ('taken_from', models.CharField(blank=True, choices=[('file', 'the file'), ('given', 'entered by a person or a program'), ('visit', 'the visit'), ('refused', "the visit, since the file's date can't be true")], db_default='', default='', editable=False, max_length=8)),
                ('image', models.ImageField(height_field='height', max_length=80, storage=clinic.visits.models.photo_storage, upload_to=clinic.visits.models.random_path, width_field='width')),
                ('thumbnail', models.FileField(blank=True, help_text='none once erased', max_length=80, storage=clinic.visits.models.photo_storage, upload_to=clinic.visits.models.random_path)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField(help_text='bytes as stored')),
                ('sha256', models.CharField(help_text='of the stored file', max_length=64)),
                ('original_sha256', models.CharField(help_text='of the file as it was uploaded', max_length=64)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('turned_from', models.ForeignKey(blank=True, editable=False, help_text='the photo whose mirror image this is', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='turned_to', to='visits.photo')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('visit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='photos', to='visits.visit')),
            ],
            options={
                'ordering': ['taken_at', 'created_at'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalPhoto',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('exercise', models.CharField(max_length=32, validators=[clinic.visits.models.validate_exercise], verbose_name='exercise asked for')),
                ('side', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right')], max_length=8, verbose_name='side')),
                ('exercise_named', models.BooleanField(db_default=True, default=True, editable=False, help_text="somebody, or the file's name, said which exercise it shows; else its place among the files did")),
                ('taken_at', models.DateTimeField(verbose_name='taken at')),
                ('taken_from', models.CharField(blank=True, choices=[('file', 'the file'), ('given', 'entered by a person or a program'), ('visit', 'the visit'), ('refused', "the visit, since the file's date can't be true")], db_default='', default='', editable=False, max_length=8)),
                ('size', models.PositiveIntegerField(help_text='bytes as stored')),
                ('sha256', models.CharField(help_text='of the stored file', max_length=64)),
                ('original_sha256', models.CharField(help_text='of the file as it was uploaded', max_length=64)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('uploaded_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('turned_from', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='the photo whose mirror image this is', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='visits.photo')),
                ('visit', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='visits.visit')),
            ],
            options={
                'verbose_name': 'historical photo',
                'verbose_name_plural': 'historical photos',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Dismissal',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('suggestion', models.CharField(choices=[('exercise', 'another exercise'), ('mirrored', 'mirrored photos'), ('date', 'another date of the visit')], max_length=12)),
                ('value', models.CharField(max_length=32)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('photo', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dismissals', to='visits.photo')),
                ('visit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dismissals', to='visits.visit')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='VisitConfirmation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ('palsy', models.BooleanField(null=True, verbose_name='palsy')),
                ('weak_side', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right'), ('both', 'Both')], max_length=8, verbose_name='weak side')),
                ('grade', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'I'), (2, 'II'), (3, 'III'), (4, 'IV'), (5, 'V'), (6, 'VI')], null=True, verbose_name='House-Brackmann grade')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('analyses', models.JSONField(blank=True, default=list, help_text='identifiers of the analyses that stood behind it')),
                ('release', models.CharField(blank=True, help_text='which combined the views', max_length=64)),
                ('model_verdict', models.CharField(blank=True, max_length=10)),
                ('model_side', models.CharField(blank=True, max_length=8)),
                ('model_grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('agrees', models.BooleanField(default=False, help_text='the clinician found what the model found')),
                ('contradictions', models.JSONField(blank=True, default=list, help_text='codes of what was named before it was given, and stands')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('visit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='visits.visit')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(fields=['patient', '-at'], name='visits_visi_patient_3dae67_idx'),
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(fields=['-at'], name='visits_visi_at_c5eaf2_idx'),
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(fields=['image'], name='photo_by_image'),
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(fields=['thumbnail'], name='photo_by_thumbnail'),
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(fields=['uploaded_by', '-created_at'], name='photos_of_an_uploader'),
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.UniqueConstraint(condition=models.Q(('archived_at__isnull', True)), fields=('visit', 'original_sha256'), name='same_photo_once_per_visit'),
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['', 'left', 'right'])), name='photo_side_known'),
        ),
        migrations.AddConstraint(
            model_name='dismissal',
            constraint=models.UniqueConstraint(fields=('visit', 'photo', 'suggestion', 'value'), name='suggestion_dismissed_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='visitconfirmation',
            constraint=models.CheckConstraint(condition=models.Q(('grade__isnull', True), models.Q(('grade', 1), ('palsy', False)), models.Q(('grade__range', (2, 6)), ('palsy', True)), _connector='OR'), name='visit_grade_one_without_palsy'),
        ),
        migrations.AddConstraint(
            model_name='visitconfirmation',
            constraint=models.CheckConstraint(condition=models.Q(('palsy', True), ('weak_side', ''), _connector='OR'), name='visit_side_only_with_palsy'),
        ),
    ]
