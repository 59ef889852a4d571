"""All tables of this room as the first release has them."""

import clinic.accounts.models
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('accounts', '0001_initial')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Clinic',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[clinic.accounts.models.validate_time_zone], verbose_name='time zone')),
                ('language', models.CharField(default='en', max_length=8, verbose_name='language')),
                ('require_second_factor', models.BooleanField(db_default=False, default=False, verbose_name='second factor required')),
                ('idle_minutes', models.PositiveSmallIntegerField(choices=[(10, '10 minutes'), (15, '15 minutes'), (30, '30 minutes'), (45, '45 minutes'), (60, '60 minutes')], db_default=30, default=30, verbose_name='minutes without input until the session ends')),
                ('model_use', models.CharField(blank=True, choices=[('in_use', 'In use: photos are analysed, and the results are shown'), ('shadow', 'Unseen: photos are analysed, and nobody is shown a result'), ('off', 'Off: photos are stored, and nothing analyses them')], db_default='', default='', help_text='empty: as the installation has it (MODEL_USE)', max_length=8, verbose_name='analysis by the model')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Failures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('count', models.PositiveIntegerField(db_default=0, default=0)),
                ('last_at', models.DateTimeField(db_index=True)),
                ('locked_until', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, null=True)),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('full_name', models.CharField(max_length=120, verbose_name='full name')),
                ('language', models.CharField(blank=True, default='', max_length=8, verbose_name='language')),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('credential_generation', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ('date_joined', models.DateTimeField(auto_now_add=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('role', models.CharField(choices=[('clinician', 'Clinician'), ('administrator', 'Clinic administrator'), ('reviewer', 'Read-only reviewer'), ('integration', 'Integration')], max_length=16, verbose_name='role')),
                ('is_active', models.BooleanField(default=True)),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.clinic')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'clinic'), name='one_membership_per_clinic'), models.CheckConstraint(condition=models.Q(('role__in', ['clinician', 'administrator', 'reviewer', 'integration'])), name='membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('kind', models.CharField(choices=[('token_made', 'An API token was made for you.'), ('token_revoked', 'An API token of yours was revoked.'), ('tokens_ended', 'Your API tokens were ended.'), ('link_made', 'A link to set your password was made.'), ('password_changed', 'Your password was changed.'), ('password_set', 'Your password was set by a link.'), ('factor_added', 'A second factor was added.'), ('factor_removed', 'A second factor was removed.'), ('codes_made', 'New recovery codes were made.'), ('factors_reset', 'Your second factor was taken away by an administrator.'), ('invited', 'A clinic invited you.'), ('joined', "You accepted a clinic's invitation."), ('role_changed', 'Your role was changed.'), ('access_taken', 'Your access to a clinic was taken away.'), ('access_given', 'Your access to a clinic was given back.'), ('address_changed', 'The e-mail address by which you log in was changed.'), ('account_closed', 'Your account was closed.'), ('account_opened', 'Your account was opened again.')], max_length=24)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.clinic')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['user', '-created_at'], name='notices_of_a_person')],
            },
        ),
    ]
