"""Apart from the rest: they confirm analyses, which are of photos."""

import clinic.visits.models
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('visits', '0002_rights_of_patients'), ('visits', '0003_versions'), ('visits', '0004_suggestions_turned_down'), ('visits', '0005_visit_confirmations'), ('visits', '0006_filing_and_dates_of_photos'), ('visits', '0007_when_a_visit_was_confirmed'), ('visits', '0008_photos_of_an_uploader'), ('visits', '0009_whose_is_this_file')]

    initial = True

    dependencies = [
        ('inference', '0001_first_release'),
        ('visits', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('exercise', models.CharField(max_length=32, validators=[clinic.visits.models.validate_exercise], verbose_name='exercise shown')),
                ('palsy', models.BooleanField(verbose_name='palsy')),
                ('weak_side', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right'), ('both', 'Both')], max_length=8, verbose_name='weak side')),
                ('grade', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'I'), (2, 'II'), (3, 'III'), (4, 'IV'), (5, 'V'), (6, 'VI')], null=True, verbose_name='House-Brackmann grade')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('agrees', models.BooleanField(editable=False, help_text='the clinician found what the model found')),
                ('names_exercise', models.BooleanField(db_default=False, default=False, editable=False, help_text='the clinician said which exercise it shows')),
                ('analysis', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='inference.analysis')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='visits.photo')),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('grade__isnull', True), ('grade__range', (1, 6)), _connector='OR'), name='confirmation_grade_range'), models.CheckConstraint(condition=models.Q(('palsy', True), ('weak_side', ''), _connector='OR'), name='confirmation_side_only_with_palsy')],
            },
        ),
    ]
