from django.db import migrations

from clinic.common.folding import fold, tidy_number
from clinic.patients.lookup import search_text_of


def fill(apps, schema_editor):
    """Patients who are there already are found like new ones; a number is tidied unless another patient has it so."""
    Patient = apps.get_model('patients', 'Patient')
    rows = []
    for patient in Patient.objects.only('name', 'record_number', 'phone', 'clinic_id').iterator(chunk_size=2000):
        number = tidy_number(patient.record_number)
        if number and number != patient.record_number:
            same = Patient.objects.filter(clinic_id=patient.clinic_id, record_number__iexact=number)
            if not same.exclude(pk=patient.pk).exists():
                Patient.objects.filter(pk=patient.pk).update(record_number=number)
                patient.record_number = number
        patient.search_text = search_text_of(patient.name, patient.record_number, patient.phone)
        patient.sort_name = fold(patient.name)
        rows.append(patient)
        if len(rows) == 2000:
            Patient.objects.bulk_update(rows, ['search_text', 'sort_name'])
            rows = []
    if rows:
        Patient.objects.bulk_update(rows, ['search_text', 'sort_name'])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('patients', '0004_search')]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
