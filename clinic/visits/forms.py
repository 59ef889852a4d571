"""What the pages of visits and photos ask for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.common.forms import EditForm
from clinic.common.moments import MomentField
from clinic.patients.models import Episode

from . import exercises, moments, protocols
from .models import GRADES, Confirmation, Visit, VisitConfirmation

GRADE_CHOICES = [
    (1, _("I – normal")),
    (2, _("II – mild")),
    (3, _("III – moderate")),
    (4, _("IV – moderately severe")),
    (5, _("V – severe")),
    (6, _("VI – total")),
]
# Clocks of two machines never agree to the second.
AHEAD = dt.timedelta(minutes=5)
NO_GRADE: list[tuple[Any, Any]] = [("", _("Not graded"))]


class WhenForm(EditForm, forms.Form):
    """When a visit was."""

    at = MomentField(
        label=_("Date and time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean_at(self) -> Any:
        at = self.cleaned_data["at"]
        if at > timezone.now() + AHEAD:
            raise forms.ValidationError(moments.VISIT_AHEAD)
        if at < moments.EARLIEST:
            raise forms.ValidationError(_("Check the year."))
        return at


class TakenForm(EditForm, forms.Form):
    """When a photo was taken."""

    taken_at = MomentField(
        label=_("Taken at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ProtocolForm(EditForm, forms.Form):
    """With which protocol the clinic's visits begin."""

    protocol = forms.ChoiceField(
        label=_("Exercises of new visits"), choices=protocols.choices, widget=forms.RadioSelect
    )


class LandmarksForm(forms.Form):
    """Where the points of a face lie by now. points: by index in the mesh, as shares of the photo; those that lie
    elsewhere than the model's."""

    analysis = forms.UUIDField(widget=forms.HiddenInput)
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    points = forms.JSONField(widget=forms.HiddenInput, required=False)

    def clean_points(self) -> dict[int, list[float]]:
        given = self.cleaned_data["points"] or {}
        try:
            found = {int(index): [float(share) for share in place] for index, place in given.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise forms.ValidationError(_("Load the page again: its points can't be read.")) from error
        return found

    @property
    def reasons(self) -> list[str]:
        """What is wrong, without the names of hidden fields."""
        return [str(message) for messages in self.errors.values() for message in messages]


class EpisodeField(forms.ModelChoiceField):
    """The care episodes of a patient, each by what it is and since when."""

    def label_from_instance(self, obj: Episode) -> str:
        return _("%(cause)s, onset %(date)s") % {
            "cause": obj.get_cause_display(),
            "date": date_format(obj.onset_date, "DATE_FORMAT"),
        }


class VisitForm(WhenForm):
    """When a new visit is, and for which illness where there are several."""

    episode = EpisodeField(label=_("Care episode"), queryset=Episode.objects.none(), empty_label=None)
    protocol = forms.ChoiceField(label=_("Exercises"), choices=protocols.choices, required=False)

    def __init__(self, *args: Any, episodes: list[Episode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["episode"]
        assert isinstance(field, EpisodeField)
        field.queryset = Episode.objects.filter(pk__in=[episode.pk for episode in episodes])
        if len(episodes) == 1:
            field.initial = episodes[0].pk
            field.widget = forms.HiddenInput()


class ImpressionForm(EditForm, forms.ModelForm):
    """The clinician's own grade and note, saved as they are typed."""

    touched_only = True

    class Meta:
        model = Visit
        fields = ("grade", "impression")
        labels = {"grade": _("House-Brackmann grade"), "impression": _("Impression")}
        widgets = {
            "impression": forms.Textarea(attrs={"rows": 6}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grade = self.fields["grade"]
        assert isinstance(grade, forms.TypedChoiceField)
        grade.choices = NO_GRADE + GRADE_CHOICES


class StatementForm(forms.ModelForm):
    """Weakness, side and what there is to remark, of a photo or of a visit."""

    palsy = forms.TypedChoiceField(
        label=_("Palsy"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    # The side is required with palsy alone: the form says so itself, the browser can't.
    use_required_attribute = False

    class Meta:
        labels = {
            "weak_side": _("Weak side (the patient's own)"),
            "grade": _("House-Brackmann grade"),
            "comment": _("Comment"),
        }
        widgets = {"weak_side": forms.RadioSelect, "comment": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        side = self.fields["weak_side"]
        assert isinstance(side, forms.ChoiceField)
        side.choices = [("left", _("Left")), ("right", _("Right")), ("both", _("Both"))]
        side.required = True
        side.error_messages["required"] = _("Choose the weak side.")

    def clean(self) -> dict[str, Any]:
        """Without palsy there is no side."""
        values = super().clean() or self.cleaned_data
        if values.get("palsy") is False:
            values["weak_side"] = ""
            self.errors.pop("weak_side", None)
        return values


class PhotoStatementForm(StatementForm):
    """What the clinician sees in one photo. A photo has no grade."""

    class Meta(StatementForm.Meta):
        model = Confirmation
        fields = ("exercise", "palsy", "weak_side", "comment")

    def __init__(self, *args: Any, also: tuple[str, ...] = (), **kwargs: Any) -> None:
        """`also`: exercises that are no longer asked for, but that the photo is on record as."""
        super().__init__(*args, **kwargs)
        self.fields["exercise"] = forms.ChoiceField(
            label=_("Exercise shown"), choices=exercises.choices(*also)
        )


class VisitStatementForm(StatementForm):
    """What the clinician finds at a visit, with its one grade."""

    class Meta(StatementForm.Meta):
        model = VisitConfirmation
        fields = ("palsy", "weak_side", "grade", "comment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grade = self.fields["grade"]
        assert isinstance(grade, forms.TypedChoiceField)
        grade.choices = NO_GRADE + GRADE_CHOICES

    def clean(self) -> dict[str, Any]:
        """Without palsy the grade is I, with one it is II or more."""
        values = super().clean()
        if values.get("palsy") is False:
            values["grade"] = 1
            self.errors.pop("grade", None)
        elif values.get("palsy") and values.get("grade") == 1:
            self.add_error("grade", _("With a palsy the grade is II or more."))
        return values


__all__ = [
    "GRADES",
    "ImpressionForm",
    "PhotoStatementForm",
    "TakenForm",
    "VisitForm",
    "VisitStatementForm",
    "WhenForm",
]
