"""`{% csrf_token %}` as every form of ours has it: with the clinic in which the form was opened."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.accounts.opened_in import FIELD

register = template.Library()


class FormTokenNode(CsrfTokenNode):
    """Django's field against forged requests, and the clinic's identifier beside it; see `opened_in`."""

    def render(self, context: Context) -> SafeString:
        token = super().render(context)
        clinic = context.get("opened_in") or getattr(context.get("request"), "clinic", None)
        if clinic is None:
            return SafeString(token)
        return format_html(
            '{}<input type="hidden" name="{}" value="{}">', SafeString(token), FIELD, clinic.pk
        )


@register.tag("csrf_token")
def form_token(parser: template.base.Parser, token: template.base.Token) -> FormTokenNode:
    """The hidden fields that every form sent by POST needs."""
    return FormTokenNode()
