from django.db import migrations, models

from clinic.common.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('patients', '0005_fill_search')]

    operations = [
        AddIndex('patient', models.Index(fields=['clinic', 'sort_name'], name='patients_by_sort_name')),
    ]
