"""What an administrator chooses about the model."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import ModelUse


class ModelUseForm(forms.Form):
    """Whether the clinic uses the model."""

    model_use = forms.ChoiceField(
        label=_("Analysis by the model"), required=False, choices=(), widget=forms.RadioSelect
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        default = _("As the installation has it (%(use)s)") % {"use": ModelUse(settings.MODEL_USE).label}
        self.fields["model_use"].choices = [*ModelUse.choices, ("", default)]  # type: ignore[attr-defined]
