"""How pages name what the log holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext as _

from clinic.patients.templatetags.patients import PAGES, page_name

from ..log import RECORDS
from ..models import Event

if TYPE_CHECKING:
    from ..models import AuditEvent

register = template.Library()


@register.filter
def audit_where(event: AuditEvent) -> str:
    """What was changed or where it was done, in the reader's words; empty where the kind says it all."""
    parts = []
    if event.kind == Event.CHANGE:
        record = RECORDS.get(str(event.detail.get("record", "")))
        how = {
            "created": _("created"),
            "changed": _("changed"),
            "deleted": _("removed"),
            "given": _("given"),
            "moved_away": _("moved away"),
            "moved_here": _("moved here"),
            "revoked": _("revoked"),
            "asked_for": _("asked for once more"),
        }.get(str(event.detail.get("how", "")), "")
        parts.append(f"{record} {how}".strip() if record else how)
    if event.page in PAGES or event.page.startswith(("api:", "training_set:")):
        parts.append(page_name(event.page))
    return " · ".join(part for part in parts if part)
