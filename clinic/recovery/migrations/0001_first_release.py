"""All tables of this room as the first release has them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('recovery', '0001_initial'), ('recovery', '0002_change'), ('recovery', '0003_fall'), ('recovery', '0004_tallies'), ('recovery', '0005_lists_by_index'), ('recovery', '0006_index_of_what_asks'), ('recovery', '0007_newest_episodes'), ('recovery', '0008_findings_kept'), ('recovery', '0009_standing'), ('recovery', '0010_index_of_standing'), ('recovery', '0011_courses_kept'), ('recovery', '0012_index_of_forms')]

    initial = True

    dependencies = [
        ('visits', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='PatientTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shelf', models.CharField(max_length=8)),
                ('cause', models.CharField(blank=True, max_length=24)),
                ('weak_side', models.CharField(blank=True, max_length=8)),
                ('seen', models.CharField(blank=True, max_length=8)),
                ('attention', models.BooleanField()),
                ('patients', models.IntegerField()),
                ('to_confirm', models.IntegerField()),
                ('failed', models.IntegerField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic')),
            ],
        ),
        migrations.CreateModel(
            name='PatientSummary',
            fields=[
                ('patient', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='summary', serialize=False, to='patients.patient')),
                ('last_visit_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('visits', models.PositiveIntegerField(default=0)),
                ('symmetry', models.JSONField(default=list)),
                ('model_grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('clinician_grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('to_retake', models.PositiveIntegerField(default=0)),
                ('to_confirm', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('change', models.FloatField(blank=True, null=True)),
                ('worse', models.BooleanField(default=False)),
                ('fall', models.JSONField(blank=True, null=True)),
                ('cause', models.CharField(blank=True, max_length=24, null=True)),
                ('weak_side', models.CharField(blank=True, max_length=8, null=True)),
                ('onset_date', models.DateField(blank=True, null=True)),
                ('onset_precision', models.CharField(blank=True, max_length=8, null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('counted', models.BooleanField(db_default=False, default=False, help_text="the visits are in the clinic's counts of releases")),
                ('shelf', models.CharField(blank=True, max_length=8, null=True)),
                ('seen', models.CharField(blank=True, db_default='', default='', help_text='lately, long ago or never', max_length=8)),
                ('urgency', models.PositiveSmallIntegerField(blank=True, help_text="the place in Today's order: the smaller, the sooner", null=True)),
                ('moves_at', models.DateTimeField(blank=True, help_text='when time alone changes that next', null=True)),
                ('clinic', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('counted', False)), fields=['patient'], name='summaries_not_counted'), models.Index(condition=models.Q(('shelf', None)), fields=['patient'], name='summaries_not_placed'), models.Index(fields=['moves_at'], name='summaries_that_move'), models.Index(fields=['clinic', 'shelf', 'urgency', 'last_visit_at', 'patient'], name='summaries_by_urgency'), models.Index(fields=['clinic', 'shelf', 'last_visit_at', 'patient'], name='summaries_by_last_visit'), models.Index(fields=['clinic', 'shelf', 'onset_date', 'patient'], name='summaries_by_onset'), models.Index(fields=['clinic', 'shelf', 'cause', 'weak_side'], name='summaries_by_cause'), models.Index(condition=models.Q(('worse', True), ('to_retake__gt', 0), ('failed__gt', 0), _connector='OR'), fields=['patient'], name='summaries_that_ask')],
            },
        ),
        migrations.CreateModel(
            name='VisitSummary',
            fields=[
                ('visit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='summary', serialize=False, to='visits.visit')),
                ('at', models.DateTimeField()),
                ('unsaid', models.BooleanField(default=False, help_text="there are results, and no clinician's word")),
                ('waiting', models.BooleanField(default=False, help_text="unsaid, and in the clinic's lists")),
                ('stamp', models.CharField(db_default='', default='', help_text='of what `found` was made from', max_length=64)),
                ('found', models.JSONField(db_default={}, default=dict, help_text='what the model found in it')),
                ('form', models.PositiveSmallIntegerField(db_default=0, default=0, help_text='what the following means; 0 where the visit has changed since, or nothing is kept')),
                ('figures', models.JSONField(db_default={}, default=dict, help_text='its figures in the course')),
                ('compared', models.JSONField(db_default=[], default=list, help_text='by what it is held against other visits')),
                ('has_rest', models.BooleanField(db_default=False, default=False, help_text='other visits may borrow it')),
                ('to_retake', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('failed', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('clinician_grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('model_grade', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='patients.patient')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('waiting', True)), fields=['clinic', 'at'], name='visits_that_wait'), models.Index(fields=['form'], name='visits_by_form')],
            },
        ),
    ]
