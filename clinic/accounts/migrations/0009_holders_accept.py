"""Accounts as they are, by the rules from here on.

Memberships that are there count as accepted. An account that is another system's in one clinic and a person's in another
stays a person: the system's part ends. Another system has no password and belongs to one clinic, its first. Tokens
speak for their user's only clinic and end within a year; one whose clinic can't be told ends now.
"""

import datetime as dt

from django.contrib.auth.hashers import make_password
from django.db import migrations
from django.db.models import F
from django.utils import timezone

LONGEST = dt.timedelta(days=365)


def settle(apps, schema_editor):
    membership = apps.get_model("accounts", "Membership")
    membership.objects.filter(accepted_at__isnull=True).update(accepted_at=F("created_at"))
    systems = membership.objects.filter(role="integration")
    people = membership.objects.exclude(role="integration").values_list("user_id", flat=True)
    for pk in set(systems.values_list("user_id", flat=True)) & set(people):
        systems.filter(user_id=pk).update(role="reviewer", is_active=False, version=F("version") + 1)
    for pk in set(systems.values_list("user_id", flat=True)):
        apps.get_model("accounts", "User").objects.filter(pk=pk).update(password=make_password(None))
        mine = systems.filter(user_id=pk).order_by("-is_active", "created_at")
        others = list(mine.values_list("pk", flat=True)[1:])
        systems.filter(pk__in=others).update(is_active=False, version=F("version") + 1)
    bind_tokens(apps, membership)


def bind_tokens(apps, membership):
    now = timezone.now()
    for token in apps.get_model("knox", "AuthToken").objects.all():
        label = apps.get_model("accounts", "ApiToken").objects.filter(token=token).first()
        mine = list(membership.objects.filter(user_id=token.user_id, is_active=True).values_list("clinic_id", flat=True)[:2])
        if label is None or len(mine) != 1:
            token.delete()
            continue
        if label.clinic_id is None:
            label.clinic_id = mine[0]
            label.save(update_fields=["clinic"])
        if token.expiry is None or token.expiry > now + LONGEST:
            token.expiry = now + LONGEST
            token.save(update_fields=["expiry"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_tokens_invitations_notices"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [migrations.RunPython(settle, migrations.RunPython.noop)]
