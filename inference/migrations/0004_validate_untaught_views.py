"""The check of 0003 holds for all rows."""

from django.db import migrations

from clinic.common.indexes import ValidateCheck


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inference", "0003_untaught_views")]

    operations = [ValidateCheck("inference.Analysis", "succeeded_has_a_result")]
