"""Analyses in Django's admin: to look at, and to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import services
from .models import Analysis
from .states import Status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    Admin = admin.ModelAdmin[Analysis]
else:
    Admin = admin.ModelAdmin


@admin.register(Analysis)
class AnalysisAdmin(Admin):
    """The jobs, without what they found: results are read on the clinical pages, by the clinic's own people."""

    list_display = (
        "id",
        "status",
        "error_code",
        "attempt",
        "release",
        "queued_at",
        "started_at",
        "finished_at",
    )
    list_filter = ("status", "error_code", "release")
    fields = readonly_fields = (*list_display, "tries_from", "published_at", "lease_until")
    actions = ("try_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Analysis]:
        return super().get_queryset(request).defer("findings", "landmarks")

    @admin.action(description=_("Try again"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        """Queue the failed ones among the chosen once more."""
        failed = list(queryset.filter(status=Status.FAILED))
        for analysis in failed:
            services.retry(analysis=analysis)
        self.message_user(
            request,
            ngettext("%(count)s analysis queued.", "%(count)s analyses queued.", len(failed))
            % {"count": len(failed)},
        )
