"""How much of an exercise a patient is asked to do at home: plain data, and what is plausible.

A dose is written as `{"step": "sneer:left", "times": 3, "repetitions": 10, "seconds": 5}`: three times a day ten
repetitions, each held for five seconds. The bounds are this project's own and catch slips; no guideline states a dose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.visits import exercises


class Bound(NamedTuple):
    name: Any
    least: int
    most: int


BOUNDS: Final[dict[str, Bound]] = {
    "times": Bound(gettext_lazy("Times a day"), 1, 10),
    "repetitions": Bound(gettext_lazy("Repetitions"), 1, 50),
    "seconds": Bound(gettext_lazy("Hold, seconds"), 1, 60),
}
REST: Final = "rest"
PRACTISED: Final[tuple[exercises.Step, ...]] = tuple(
    step for step in exercises.STEPS if step.exercise.code != REST
)
"""What can be asked of a patient at home, in the order of the protocol."""
BY_STEP: Final = {step.value: step for step in PRACTISED}
ORDER: Final = {step.value: place for place, step in enumerate(PRACTISED)}


def check(given: Any) -> list[dict[str, Any]]:
    """The doses as a programme keeps them, in the order of the protocol; ValidationError says what is wrong where."""
    if not isinstance(given, list) or not given:
        raise ValidationError(_("Choose at least one exercise."), code="required")
    found: dict[str, dict[str, Any]] = {}
    errors = []
    for row in given:
        step = BY_STEP.get(str(row.get("step"))) if isinstance(row, Mapping) else None
        if step is None:
            errors.append(ValidationError(_("There is no such exercise."), code="unknown"))
            continue
        if step.value in found:
            errors.append(ValidationError(_("%(step)s: named twice.") % {"step": step.name}, code="twice"))
        errors += [
            ValidationError(
                _("%(step)s, %(name)s: a whole number from %(least)d to %(most)d.")
                % {"step": step.name, "name": bound.name, "least": bound.least, "most": bound.most},
                code="invalid",
            )
            for key, bound in BOUNDS.items()
            if not _is_within(row.get(key), bound)
        ]
        found[step.value] = {"step": step.value} | {key: row.get(key) for key in BOUNDS}
    if errors:
        raise ValidationError(errors)
    return sorted(found.values(), key=lambda row: ORDER[row["step"]])


def _is_within(value: Any, bound: Bound) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and bound.least <= value <= bound.most


def times_a_day(doses: Iterable[Mapping[str, Any]]) -> int:
    """How often a day all exercises together are done."""
    return sum(int(one["times"]) for one in doses)


def in_words(dose: Mapping[str, Any]) -> str:
    """`3 times a day: 10 repetitions, each held for 5 seconds`."""
    often = ngettext("%(count)d time a day", "%(count)d times a day", dose["times"]) % {
        "count": dose["times"]
    }
    repeated = ngettext("%(count)d repetition", "%(count)d repetitions", dose["repetitions"]) % {
        "count": dose["repetitions"]
    }
    held = ngettext("held for %(count)d second", "held for %(count)d seconds", dose["seconds"]) % {
        "count": dose["seconds"]
    }
    return _("%(often)s: %(repeated)s, each %(held)s") % {"often": often, "repeated": repeated, "held": held}
