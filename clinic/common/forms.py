"""How a form hands what was typed to a service, and shows what the service refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

if TYPE_CHECKING:
    from django.forms import BaseForm


def submit(form: BaseForm, service: Callable[..., Any], **arguments: Any) -> Any:
    """What the service answers, or None with the form's errors set, to be shown again as it was typed."""
    if not form.is_valid():
        return None
    try:
        return service(**arguments)
    except ValidationError as error:
        add_errors(form, error)
        return None


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Put each error beside its field, and those of fields that the form lacks above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(None if name == NON_FIELD_ERRORS or name not in form.fields else name, errors)
