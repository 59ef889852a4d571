"""All tables of this room as the first release has them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('audit', '0001_initial'), ('audit', '0002_initial'), ('audit', '0003_one_log_for_all_events'), ('audit', '0004_seals_and_indexes'), ('audit', '0005_changes_made_so_far'), ('audit', '0006_names_in_lists_are_reads'), ('audit', '0007_model_use_and_quick_checks'), ('audit', '0008_kinds_of_accounts_and_of_the_log_itself'), ('audit', '0009_statements_made_so_far'), ('audit', '0010_reasons'), ('audit', '0011_rights_made_so_far'), ('audit', '0012_index_of_failed_logins')]

    initial = True

    dependencies = [
        ('visits', '0001_first_release'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('kind', models.CharField(choices=[('record', 'Opened the record'), ('photo', 'Saw a photo'), ('export', 'Exported data'), ('listed', 'Saw the name in a list'), ('change', 'Changed the record'), ('login', 'Logged in'), ('login_failed', 'Login failed'), ('locked_out', 'Locked out after failed logins'), ('logout', 'Logged out'), ('password_changed', 'Password changed'), ('factor_added', 'Second factor added'), ('factor_removed', 'Second factor removed'), ('factor_failed', 'Second factor failed'), ('session_ended', 'Session ended'), ('step_up', 'Proved who they are again'), ('step_up_failed', 'Failed to prove who they are'), ('member_changed', "Changed a member's access"), ('clinic_changed', "Changed the clinic's settings"), ('account_made', 'Made an account'), ('account_changed', 'Changed an account'), ('token_made', 'Made an API token'), ('token_revoked', 'Revoked an API token'), ('log_read', 'Read the log'), ('log_gap', 'Noted lines of the log that never came'), ('result', 'Analysed a photo'), ('correction', 'Correction asked for or made'), ('restriction', 'Restricted the record'), ('restriction_lifted', 'Lifted the restriction'), ('erasure', 'Erased data'), ('legal_hold', 'Put under legal hold'), ('legal_hold_lifted', 'Lifted the legal hold'), ('model_use', 'Changed the use of the model'), ('quick_check', 'Checked a photo without a record'), ('key_rotated', 'Changed an encryption key'), ('backup', 'Made a backup'), ('restore', 'Restored a backup')], max_length=24)),
                ('page', models.CharField(blank=True, help_text='name of the page or API call, never its arguments', max_length=64)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('noted_reason', models.CharField(blank=True, db_default='', max_length=200, verbose_name='reason')),
                ('detail', models.JSONField(blank=True, db_default={}, default=dict, help_text='codes and counts, never a name or a text')),
                ('clinic', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='patients.patient')),
                ('photo', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='visits.photo')),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Reason',
            fields=[
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='typed', serialize=False, to='audit.auditevent')),
                ('text', models.CharField(max_length=200, verbose_name='reason')),
                ('salt', models.CharField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='ReadEvent',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('audit.auditevent',),
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('content', models.CharField(blank=True, help_text='of the line of a history that the event points at', max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('key', models.CharField(help_text='which key it was made with', max_length=8)),
                ('sealed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='audit.auditevent')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['patient', '-at'], name='audit_of_a_patient'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['clinic', '-at', '-id'], name='audit_of_a_clinic'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['clinic', 'kind', '-at', '-id'], name='audit_of_a_kind'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['user', '-at', '-id'], name='audit_of_a_person'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('kind__in', ['login_failed', 'factor_failed'])), fields=['at'], name='audit_of_failed_logins'),
        ),
    ]
