"""A model's finding in one photo as a sentence; never worded as a diagnosis, nor as the absence of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from .finding import Finding

WEAKNESS: Final[dict[str, str | Promise]] = {
    "left": gettext_lazy("Weakness on the left"),
    "right": gettext_lazy("Weakness on the right"),
    "both": gettext_lazy("Weakness on both sides"),
}


def model_finding(finding: Finding) -> str:
    """The model's finding in one photo, without the exercise's name. A grade belongs to a visit."""
    if finding.uncertain:
        return _("Uncertain whether there is a weakness.")
    if not finding.palsy:
        return _("No asymmetry detected by the model in this photo.")
    return _("%(weakness)s.") % {"weakness": WEAKNESS.get(finding.weak_side, _("Weakness"))}
