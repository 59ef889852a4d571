"""Where each patient stands on the lists; the watchdog notes it of those there are already."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_more_notices'),
        ('patients', '0010_index_of_parts'),
        ('recovery', '0008_findings_kept'),
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
            ],
        ),
        migrations.AddField(
            model_name='patientsummary',
            name='clinic',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='patientsummary',
            name='moves_at',
            field=models.DateTimeField(blank=True, help_text='when time alone changes that next', null=True),
        ),
        migrations.AddField(
            model_name='patientsummary',
            name='seen',
            field=models.CharField(blank=True, db_default='', default='', help_text='lately, long ago or never', max_length=8),
        ),
        migrations.AddField(
            model_name='patientsummary',
            name='shelf',
            field=models.CharField(blank=True, max_length=8, null=True),
        ),
        migrations.AddField(
            model_name='patientsummary',
            name='urgency',
            field=models.PositiveSmallIntegerField(blank=True, help_text="the place in Today's order: the smaller, the sooner", null=True),
        ),
        migrations.AddField(
            model_name='patienttally',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic'),
        ),
    ]
