"""The form into which an administrator pastes a licensed questionnaire."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models_of_wordings import QuestionnaireWording
from .scales import Item, Scale

SHARED = "shared-"
"""Before the number of a set of answers that several questions have in common."""


class WordingForm(forms.Form):
    """Title, instruction, a text for each question, and the answers: once for all questions that share them, or a
    question's own."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    instruction = forms.CharField(
        label=gettext_lazy("Instruction"), required=False, max_length=4000, widget=forms.Textarea({"rows": 3})
    )
    translation = forms.CharField(
        label=gettext_lazy("Version of the translation"),
        max_length=100,
        help_text=gettext_lazy("As your copy names it, such as a validated translation and its year."),
    )
    licence = forms.CharField(
        label=gettext_lazy("Licence"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("Who allowed your clinic to use this text, when, and under which number."),
    )

    def __init__(self, *args: Any, scale: Scale, newest: QuestionnaireWording | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scale = scale
        self.sets = list(dict.fromkeys(item.choices for item in scale.items))
        if newest is not None:
            for name in ("title", "instruction", "translation", "licence"):
                self.fields[name].initial = getattr(newest, name)
        for number, choices in enumerate(self.sets):
            self._add_shared(number, [str(one.value) for one in choices], newest)
        for number, item in enumerate(scale.items, 1):
            self._add_item(number, item, newest)

    def _add_shared(self, number: int, values: list[str], newest: QuestionnaireWording | None) -> None:
        of = [item for item in self.scale.items if item.choices == self.sets[number]]
        label = (
            _("Answers of all questions")
            if len(self.sets) == 1
            else _("Answers of the questions %(first)d to %(last)d")
            % {"first": self.scale.items.index(of[0]) + 1, "last": self.scale.items.index(of[-1]) + 1}
        )
        help_text = _("One a line, in this order of points: %(values)s") % {"values": ", ".join(values)}
        shared = newest.answers_of(of[0].code) if newest is not None else []
        self.fields[f"{SHARED}{number}"] = forms.CharField(
            label=label,
            help_text=help_text,
            required=False,
            widget=forms.Textarea({"rows": len(values)}),
            initial="\n".join(shared),
        )

    def _add_item(self, number: int, item: Item, newest: QuestionnaireWording | None) -> None:
        own = newest.answers_of(item.code) if newest is not None else []
        first = next(one for one in self.scale.items if one.choices == item.choices)
        shared = newest.answers_of(first.code) if newest is not None else []
        self.fields[f"text-{item.code}"] = forms.CharField(
            label=_("%(number)d. %(name)s") % {"number": number, "name": _(item.name)},
            required=False,
            initial=newest.text_of(item.code) if newest is not None else "",
            widget=forms.Textarea({"rows": 2}),
        )
        self.fields[f"answers-{item.code}"] = forms.CharField(
            label=_("Answers of question %(number)d, where it has its own") % {"number": number},
            required=False,
            initial="\n".join(own) if own != shared else "",
            widget=forms.Textarea({"rows": 2}),
        )

    def as_given(self) -> dict[str, Any]:
        """What was pasted, as the service takes it."""
        data = self.cleaned_data
        answers = {}
        for item in self.scale.items:
            own = data[f"answers-{item.code}"] or data[f"{SHARED}{self.sets.index(item.choices)}"]
            answers[item.code] = [line.strip() for line in own.splitlines() if line.strip()]
        return {
            **{name: data[name] for name in ("title", "instruction", "translation", "licence")},
            "texts": {item.code: data[f"text-{item.code}"] for item in self.scale.items},
            "answers": answers,
        }
