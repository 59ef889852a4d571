"""Each change that a history already holds gets its line in the log, as those made from now on do."""

import heapq

from django.db import migrations

HOW = {"+": "created", "~": "changed", "-": "deleted"}
FIELDS = ("history_date", "history_id", "history_user_id", "history_type", "id")


def tell(apps, schema_editor):
    event = apps.get_model("audit", "AuditEvent")
    patient = apps.get_model("patients", "Patient").objects
    clinics = dict(patient.values_list("pk", "clinic_id").iterator())
    episodes = dict(apps.get_model("patients", "Episode").objects.values_list("pk", "patient_id").iterator())
    visits = dict(apps.get_model("visits", "Visit").objects.values_list("pk", "patient_id").iterator())

    def lines(app, record, link, patients):
        rows = apps.get_model(app, f"Historical{record}").objects.order_by("history_date", "history_id")
        for at, version, user, how, pk, linked in rows.values_list(*FIELDS, link).iterator():
            yield at, record.lower(), version, user, how, pk, patients(linked)

    told = heapq.merge(
        lines("patients", "Patient", "id", lambda pk: pk),
        lines("patients", "Episode", "patient_id", lambda pk: pk),
        lines("patients", "Treatment", "episode_id", episodes.get),
        lines("visits", "Visit", "patient_id", lambda pk: pk),
        lines("visits", "Photo", "visit_id", visits.get),
        key=lambda line: line[0],
    )
    event.objects.bulk_create(
        (
            event(
                at=at,
                kind="change",
                user_id=user,
                clinic_id=clinics.get(of),
                patient_id=of,
                photo_id=pk if record == "photo" else None,
                detail={"record": record, "how": HOW[how], "version": version},
            )
            for at, record, version, user, how, pk, of in told
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_seals_and_indexes"),
        ("patients", "0001_initial"),
        ("visits", "0001_initial"),
    ]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
