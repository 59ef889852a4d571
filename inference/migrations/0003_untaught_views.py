"""Of a view that networks were not taught, a result has no probability. What was there before fits as it is."""

from django.db import migrations, models
from django.db.models import Q

from clinic.common.indexes import AddCheck


class Migration(migrations.Migration):
    dependencies = [("inference", "0002_red_flags")]

    operations = [
        AddCheck(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=~Q(status="succeeded")
                | Q(findings__isnull=False, finished_at__isnull=False)
                & (Q(palsy_probability__isnull=False) | Q(exercise="")),
                name="succeeded_has_a_result",
            ),
        ),
        migrations.RemoveConstraint(model_name="analysis", name="succeeded_has_findings"),
    ]
