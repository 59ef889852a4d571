"""What an administrator chooses about the model."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import ModelUse


class ModelUseForm(forms.Form):
    """Whether the clinic uses the model."""

    model_use = forms.ChoiceField(
        label=_("Analysis by the model"), required=False, choices=(), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = _("As the installation has it (%(use)s)") % {"use": ModelUse(settings.MODEL_USE).label}
        cast(forms.ChoiceField, self.fields["model_use"]).choices = [*ModelUse.choices, ("", default)]
