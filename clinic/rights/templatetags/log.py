"""How pages name what the log holds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.audit.log import RECORDS
from clinic.audit.models import Event

if TYPE_CHECKING:
    from clinic.audit.models import AuditEvent

register = template.Library()


@register.filter
def action_name(action: str) -> str:
    """What was done with a record as a whole, for the log."""
    return {
        "created": _("recorded"),
        "deleted": _("deleted"),
        "archived": _("archived"),
        "restored": _("restored"),
        "given": _("given"),
        "moved_away": _("moved away"),
        "moved_here": _("moved here"),
        "revoked": _("revoked"),
    }.get(action, action)


@register.filter
def log_value(value: Any) -> Any:
    """A value before or after a change, as a reader would write it."""
    if isinstance(value, dt.datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, dt.date):
        return date_format(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _("nothing") if value in (None, "") else value


PAGES = {
    "patients:detail": gettext_lazy("Recovery"),
    "patients:visits": gettext_lazy("Visits"),
    "patients:photos": gettext_lazy("Photos"),
    "patients:record": gettext_lazy("Record"),
    "patients:log": gettext_lazy("Log"),
    "patients:edit": gettext_lazy("Edit the patient"),
    "patients:episode_new": gettext_lazy("New episode"),
    "patients:episode_edit": gettext_lazy("Edit the episode"),
    "patients:treatment_new": gettext_lazy("New treatment"),
    "patients:treatment_edit": gettext_lazy("Edit the treatment"),
    "patients:consent_give": gettext_lazy("Consent"),
    "visits:new": gettext_lazy("New visit"),
    "visits:detail": gettext_lazy("Visit"),
    "visits:capture": gettext_lazy("Camera"),
    "visits:photo": gettext_lazy("Photo"),
    "visits:file": gettext_lazy("Photo, full size"),
    "visits:thumbnail": gettext_lazy("Photo, small"),
    "visits:review": gettext_lazy("Review"),
    "recovery:compare": gettext_lazy("Compare photos"),
    "recovery:aligned": gettext_lazy("Compare photos"),
    "recovery:csv": gettext_lazy("Recovery as a CSV file"),
    "recovery:data": gettext_lazy("Recovery as data"),
}


@register.filter
def page_name(page: str) -> str:
    """The page on which something was read, in the reader's words."""
    if page.startswith("api:"):
        return _("Through the API")
    if page.startswith("training_set:"):
        return _("Training set %(name)s") % {"name": page.partition(":")[2]}
    return str(PAGES.get(page, _("A page of the record")))


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
