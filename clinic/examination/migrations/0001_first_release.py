"""All tables of this room as the first release has them."""

import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('examination', '0001_initial')]

    initial = True

    dependencies = [
        ('inference', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalTask',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('kind', models.CharField(choices=[('eye_closure', 'Incomplete eye closure'), ('follow_up', 'Follow-up')], max_length=16, verbose_name='what it is about')),
                ('release', models.CharField(blank=True, help_text='the model release that raised it', max_length=64)),
                ('figures', models.JSONField(blank=True, default=dict, help_text='what it rests on: see `clinic.examination.closure`')),
                ('plan', models.TextField(blank=True, verbose_name='plan')),
                ('next_check', models.DateField(blank=True, null=True, verbose_name='next check')),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('settled', 'Settled: it needs nothing more'), ('treated', 'Treated'), ('handed_over', 'Handed over to a colleague elsewhere'), ('mistaken', 'Raised by mistake: photo or measure is wrong')], max_length=12, verbose_name='why it is closed')),
                ('reason', models.TextField(blank=True, verbose_name='in words')),
                ('settled_until', models.DateTimeField(blank=True, help_text='the newest visit of the episode when it was closed', null=True)),
                ('times_reopened', models.PositiveSmallIntegerField(default=0)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('analysis', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='inference.analysis')),
                ('closed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('episode', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.episode')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who looks after it')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.patient')),
                ('raised_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical task',
                'verbose_name_plural': 'historical tasks',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('kind', models.CharField(choices=[('eye_closure', 'Incomplete eye closure'), ('follow_up', 'Follow-up')], max_length=16, verbose_name='what it is about')),
                ('release', models.CharField(blank=True, help_text='the model release that raised it', max_length=64)),
                ('figures', models.JSONField(blank=True, default=dict, help_text='what it rests on: see `clinic.examination.closure`')),
                ('plan', models.TextField(blank=True, verbose_name='plan')),
                ('next_check', models.DateField(blank=True, null=True, verbose_name='next check')),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('settled', 'Settled: it needs nothing more'), ('treated', 'Treated'), ('handed_over', 'Handed over to a colleague elsewhere'), ('mistaken', 'Raised by mistake: photo or measure is wrong')], max_length=12, verbose_name='why it is closed')),
                ('reason', models.TextField(blank=True, verbose_name='in words')),
                ('settled_until', models.DateTimeField(blank=True, help_text='the newest visit of the episode when it was closed', null=True)),
                ('times_reopened', models.PositiveSmallIntegerField(default=0)),
                ('analysis', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inference.analysis')),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('episode', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='patients.episode')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to=settings.AUTH_USER_MODEL, verbose_name='who looks after it')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='patients.patient')),
                ('raised_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-opened_at', '-created_at'],
                'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['patient'], name='open_tasks_of_patient')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['eye_closure', 'follow_up'])), name='task_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('analysis__isnull', True), ('raised_by__isnull', False)), models.Q(('analysis__isnull', False), ('raised_by__isnull', True), models.Q(('release', ''), _negated=True)), _connector='OR'), name='task_raised_by_a_person_or_a_release'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('closed_by__isnull', True), ('outcome', '')), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='task_closed_by_a_person_with_a_reason'), models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True), ('kind', 'eye_closure')), fields=('episode',), name='one_open_eye_task_an_episode')],
            },
        ),
    ]
