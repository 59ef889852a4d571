"""The log's table and columns are called what they hold, where a trial before the first release named them otherwise.

Tables that the first release made have these names already, and nothing happens.
"""

from django.db import migrations

OLD, NEW = "audit_readevent", "audit_auditevent"
COLUMNS = {"access": "kind", "reason": "noted_reason"}
CONSTRAINTS = {
    NEW: {
        "audit_readevent_pkey": "audit_auditevent_pkey",
        "audit_readevent_clinic_id_a5d57c5e_fk_accounts_clinic_id": "audit_auditevent_clinic_id_8b98597b_fk_accounts_clinic_id",
        "audit_readevent_user_id_b3bed570_fk_accounts_user_id": "audit_auditevent_user_id_871f21a9_fk_accounts_user_id",
    },
    "audit_reason": {"audit_reason_event_id_e9c5e138_fk_audit_readevent_id": "audit_reason_event_id_e9c5e138_fk_audit_auditevent_id"},
    "audit_seal": {"audit_seal_event_id_81cd6836_fk_audit_readevent_id": "audit_seal_event_id_81cd6836_fk_audit_auditevent_id"},
}
INDEXES = {
    "audit_reade_patient_dd1742_idx": ("audit_of_a_patient", '("patient_id", "at" DESC)'),
    "audit_readevent_photo_id_95993051": ("audit_auditevent_photo_id_76eb6b7b", '("photo_id")'),
}


def rename(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if OLD not in connection.introspection.table_names(cursor):
            return
        cursor.execute(f"ALTER TABLE {OLD} RENAME TO {NEW}")
        for old, new in COLUMNS.items():
            cursor.execute(f"ALTER TABLE {NEW} RENAME COLUMN {old} TO {new}")
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER SEQUENCE {OLD}_id_seq RENAME TO {NEW}_id_seq")
            for table, names in CONSTRAINTS.items():
                for old, new in names.items():
                    cursor.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
            for old, (new, _columns) in INDEXES.items():
                cursor.execute(f"ALTER INDEX {old} RENAME TO {new}")
        else:
            for trigger in (f"{OLD}_no_delete", f"{OLD}_no_update"):  # `migrate` puts up those of the new name
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            for old, (new, columns) in INDEXES.items():
                cursor.execute(f"DROP INDEX {old}")
                cursor.execute(f'CREATE INDEX "{new}" ON "{NEW}" {columns}')


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_first_release")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
