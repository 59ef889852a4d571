"""What is on record already stands at the feed's beginning, oldest first: whoever starts there misses nothing."""

import heapq

from django.db import migrations

SOURCES = (
    ("patients", "Patient", "pk", "clinic_id", None),
    ("patients", "Episode", "patient_id", "patient__clinic_id", None),
    ("patients", "Treatment", "episode__patient_id", "episode__patient__clinic_id", None),
    ("patients", "Consent", "patient_id", "patient__clinic_id", None),
    ("visits", "Visit", "patient_id", "patient__clinic_id", None),
    ("visits", "Photo", "visit__patient_id", "visit__patient__clinic_id", None),
    ("inference", "Analysis", "photo__visit__patient_id", "photo__visit__patient__clinic_id", "photo_id"),
    ("visits", "Confirmation", "photo__visit__patient_id", "photo__visit__patient__clinic_id", "photo_id"),
    ("examination", "Task", "patient_id", "patient__clinic_id", None),
)


def tell(apps, schema_editor):
    change = apps.get_model("feed", "Change")

    def lines(place, app, model, patient, clinic, photo):
        rows = apps.get_model(app, model).objects.order_by("created_at", "pk")
        columns = ["created_at", "pk", patient, clinic, *([photo] if photo else [])]
        for at, pk, of, where, *photos in rows.values_list(*columns).iterator(chunk_size=2000):
            yield at, place, model.lower(), pk, of, where, photos[0] if photos else None

    told = heapq.merge(*(lines(place, *source) for place, source in enumerate(SOURCES)), key=lambda line: line[:2])
    made = (
        change(kind=kind, record=pk, what="created", clinic_id=clinic, patient=patient, photo=photo, at=at)
        for at, _place, kind, pk, patient, clinic, photo in told
    )
    change.objects.bulk_create(made, batch_size=1000)
    revoked = apps.get_model("patients", "Consent").objects.filter(revoked_at__isnull=False)
    closed = apps.get_model("patients", "Patient").objects.filter(restricted_at__isnull=False)
    change.objects.bulk_create(
        [
            *(
                change(
                    kind="consent",
                    record=consent.pk,
                    what="revoked",
                    clinic_id=consent.patient.clinic_id,
                    patient=consent.patient_id,
                    at=consent.revoked_at,
                )
                for consent in revoked.select_related("patient").order_by("revoked_at")
            ),
            *(
                change(
                    kind="patient",
                    record=patient.pk,
                    what="restricted",
                    clinic_id=patient.clinic_id,
                    patient=patient.pk,
                    at=patient.restricted_at,
                )
                for patient in closed.order_by("restricted_at")
            ),
        ],
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("feed", "0001_initial"),
        ("patients", "0002_rights_of_patients"),
        ("visits", "0002_rights_of_patients"),
        ("examination", "0001_initial"),
        ("inference", "0005_who_holds_an_analysis"),
    ]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
