"""How a clinic's licensed copy of a questionnaire asks: pasted by an administrator, version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.accounts.memberships import clinics_of
from clinic.accounts.models import Clinic
from clinic.common.models import Record

from .scales import BY_CODE, Scale

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


class QuestionnaireWordingQuerySet(models.QuerySet["QuestionnaireWording"]):
    def visible_to(self, user: User | AnonymousUser) -> QuestionnaireWordingQuerySet:
        return self.filter(clinic_id__in=clinics_of(user).keys())


class QuestionnaireWording(Record):
    """A clinic's text of a questionnaire in one language, in one version of it. Never changed: a new text is a row with
    the next number, so that earlier answers keep what they were asked with.

    items: item code to `{"text": …, "answers": […]}`, answers in the order of the scale's choices.
    """

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="wordings")
    scale = models.CharField(max_length=32)
    scale_version = models.CharField(max_length=32)
    language = models.CharField(_("language"), max_length=8)
    number = models.PositiveSmallIntegerField(help_text="1 is the clinic's first of this scale and language")
    title = models.CharField(_("title"), max_length=200)
    instruction = models.TextField(_("instruction"), blank=True)
    items = models.JSONField()
    translation = models.CharField(_("version of the translation"), max_length=100)
    licence = models.TextField(
        _("licence"), help_text=_("Who allowed the use, when, and under which number.")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = QuestionnaireWordingQuerySet.as_manager()

    class Meta:
        ordering = ["scale", "language", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "scale", "language", "number"], name="wordings_are_numbered"
            )
        ]

    def __str__(self) -> str:
        return f"Wording {self.pk}"

    @property
    def definition(self) -> Scale | None:
        """The scale that it asks for; None if this software has another version."""
        found = BY_CODE.get(self.scale)
        return found if found is not None and found.version == self.scale_version else None

    @property
    def language_name(self) -> str:
        """The language in the reader's words."""
        return str(dict(settings.LANGUAGES).get(self.language, self.language))

    def text_of(self, item: str) -> str:
        """The question."""
        return str(self._item(item).get("text", ""))

    def answers_of(self, item: str) -> list[str]:
        """The texts of its answers, in the order of the scale's choices."""
        return [str(one) for one in self._item(item).get("answers", [])]

    def _item(self, code: str) -> dict[str, Any]:
        found: dict[str, Any] = self.items.get(code, {})
        return found
