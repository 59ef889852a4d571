import clinic.common.fields
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sessions_and_second_factor'),
        ('patients', '0003_versions'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='patient',
            options={'ordering': ['sort_name', 'name', 'id']},
        ),
        migrations.AddField(
            model_name='patient',
            name='search_text',
            field=clinic.common.fields.DerivedField(blank=True, db_default='', derive='clinic.patients.lookup.search_text_of', editable=False, of=('name', 'record_number', 'phone')),
        ),
        migrations.AddField(
            model_name='patient',
            name='sort_name',
            field=clinic.common.fields.DerivedField(blank=True, db_default='', derive='clinic.common.folding.fold', editable=False, of=('name',)),
        ),
    ]
