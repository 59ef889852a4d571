"""Treatments with what is told of each kind: the form, the record, the drawing, the log, two people at once."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone, translation

from clinic.audit.alterations import rewritten
from clinic.patients import services, treatment_words
from clinic.patients.models import Treatment
from clinic.patients.treatment_details import check_details, toxin_totals
from clinic.patients.treatments import (
    BOUNDS,
    DETAILS,
    FIELDS_OF,
    MUSCLES,
    SIDES,
    ToxinProduct,
    TreatmentKind,
    most_units,
)

from .. import factories
from ..forms import edited, form_of, forms_of, send

pytestmark = pytest.mark.django_db

TOLD: dict[str, Any] = {
    "drug": "Prednisolone",
    "dose_mg": 62.5,
    "days": 10,
    "therapy": "Mime therapy",
    "per_week": 2,
    "weeks": 8,
    "product": "onabotulinumtoxin_a",
    "injections": [
        {"muscle": "mentalis", "side": "left", "units": 2.0},
        {"muscle": "orbicularis_oculi", "side": "left", "units": 2.5},
        {"muscle": "zygomaticus_major", "side": "right", "units": 8.0},
    ],
    "operation": "gracilis_transfer",
    "weight_g": 1.2,
    "side": "left",
}


def url(name: str, record: Any) -> str:
    return reverse(f"patients:{name}", args=[record.pk])


def ago(**span: int) -> dt.date:
    return timezone.localdate() - dt.timedelta(**span)


def as_typed(values: dict[str, Any]) -> dict[str, Any]:
    """What the form's controls hold for these fields."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name == "injections":
            found |= {f"injections-{row['muscle']}-{row['side']}": f"{row['units']:g}" for row in value}
        else:
            found[name] = value
    return found


def _muscle(row: dict[str, Any]) -> str:
    return str(row["muscle"])


def toxin(episode: Any, **more: Any) -> Treatment:
    values = {"product": "onabotulinumtoxin_a", "injections": TOLD["injections"], **more}
    return factories.TreatmentFactory(episode=episode, kind="botulinum_toxin", **values)


@pytest.mark.parametrize("kind", TreatmentKind.values)
def test_all_that_a_kind_is_told_by_is_typed_kept_shown_and_changed(as_clinician, episode, kind: str) -> None:
    told = {name: TOLD[name] for name in FIELDS_OF[kind]}
    form = form_of(as_clinician, url("treatment_new", episode), having="kind")
    typed = {"kind": kind, "date": ago(weeks=2).isoformat(), "note": "As agreed", **as_typed(told)}
    assert set(typed) <= set(form.controls), "each of them has its control"
    assert send(as_clinician, form, **typed).status_code == 302
    treatment = Treatment.objects.get()
    for name in DETAILS:
        value = getattr(treatment, name)
        if name == "injections":
            assert sorted(value, key=_muscle) == sorted(told.get(name, []), key=_muscle)
        else:
            assert value == told.get(name, None if name in BOUNDS else "")
    page = as_clinician.get(url("record", episode.patient)).content.decode()
    for said in treatment_words.details(treatment):
        assert said in page
    # Opened and sent as it is, it stays what it is.
    form = form_of(as_clinician, url("treatment_edit", treatment), having="kind")
    assert send(as_clinician, form).status_code == 302
    treatment.refresh_from_db()
    assert treatment.version == 1


def test_beside_kind_and_date_nothing_has_to_be_told(as_clinician, episode) -> None:
    for kind in TreatmentKind.values:
        typed = {"kind": kind, "date": ago(weeks=2).isoformat()}
        assert as_clinician.post(url("treatment_new", episode), typed).status_code == 302
    for treatment in Treatment.objects.all():
        assert treatment.units is None, "nobody told any: that isn't 0"
        assert treatment_words.details(treatment) == []
        assert treatment_words.title(treatment) == treatment.get_kind_display()
    page = as_clinician.get(url("record", episode.patient)).content.decode()
    assert "Antivirals" in page and " U<" not in page


@pytest.mark.parametrize("name", DETAILS)
def test_what_belongs_to_another_kind_is_refused_and_says_to_which(as_clinician, episode, name: str) -> None:
    kind = next(kind for kind in TreatmentKind.values if name not in FIELDS_OF[kind])
    typed = {"kind": kind, "date": ago(weeks=2).isoformat(), **as_typed({name: TOLD[name]})}
    page = as_clinician.post(url("treatment_new", episode), typed).content.decode()
    right = next(kind for kind in TreatmentKind.values if name in FIELDS_OF[kind])
    assert f"This belongs to another treatment: {TreatmentKind(right).label}" in page
    assert not Treatment.objects.exists()


@pytest.mark.parametrize("name", BOUNDS)
def test_a_figure_that_cannot_be_meant_is_refused_with_its_bounds(as_clinician, episode, name: str) -> None:
    kind = next(kind for kind in TreatmentKind.values if name in FIELDS_OF[kind])
    for figure in (0, -1, math.ceil(BOUNDS[name].most) + 1):
        typed = {"kind": kind, "date": ago(weeks=2).isoformat(), name: figure}
        page = as_clinician.post(url("treatment_new", episode), typed).content.decode()
        assert f"from {treatment_words.amount(BOUNDS[name].least)} to" in page, figure
    for figure in (BOUNDS[name].least, BOUNDS[name].most):
        assert check_details(Treatment(kind=kind, **{name: figure})) == {}
    assert not Treatment.objects.exists()


@pytest.mark.parametrize("product", [*ToxinProduct.values, ""])
def test_units_that_cannot_be_meant_are_refused_with_muscle_and_product(
    as_clinician, episode, product: str
) -> None:
    typed = {"kind": "botulinum_toxin", "date": ago(weeks=2).isoformat(), "product": product}
    most = most_units(product)
    for units, said in ((most + 1, "more than one muscle"), (0, "more than 0"), (-2, "more than 0")):
        page = as_clinician.post(
            url("treatment_new", episode), {**typed, "injections-mentalis-left": f"{units:g}"}
        ).content.decode()
        assert f"Mentalis, left: {'units' if units <= 0 else ''}" in page and said in page
        assert f'value="{units:g}"' in page, "what was typed is still there"
    page = as_clinician.post(
        url("treatment_new", episode), {**typed, "injections-mentalis-left": "two"}
    ).content.decode()
    assert "Mentalis, left: type the units as a number." in page
    assert not Treatment.objects.exists()
    ok = {**typed, "injections-mentalis-left": f"{most:g}"}
    assert as_clinician.post(url("treatment_new", episode), ok).status_code == 302


def test_units_with_a_comma_are_units(as_clinician, episode) -> None:
    typed = {
        "kind": "botulinum_toxin",
        "date": ago(weeks=2).isoformat(),
        "injections-mentalis-left": "2,5",
    }
    assert as_clinician.post(url("treatment_new", episode), typed).status_code == 302
    assert Treatment.objects.get().units == 2.5


WRONG: tuple[Any, ...] = (
    {"muscle": "mentalis"},
    [{"muscle": "masseter", "side": "left", "units": 2}],
    [{"muscle": "mentalis", "side": "both", "units": 2}],
    [{"muscle": "mentalis", "side": "left"}],
    [{"muscle": "mentalis", "side": "left", "units": 2, "more": 1}],
    [{"muscle": "mentalis", "side": "left", "units": True}],
    [{"muscle": "mentalis", "side": "left", "units": math.nan}],
    [{"muscle": "mentalis", "side": "left", "units": "2"}],
    [{"muscle": "mentalis", "side": "left", "units": 2}] * 2,
    ["mentalis"],
    None,
)


@pytest.mark.parametrize("injections", WRONG, ids=str)
def test_injections_of_another_shape_are_never_written(clinician, episode, injections: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        services.add_treatment(
            user=clinician, episode=episode, kind="botulinum_toxin", date=ago(weeks=1), injections=injections
        )
    assert "injections" in refused.value.message_dict


def test_the_order_in_which_injections_are_told_changes_nothing(clinician, episode) -> None:
    treatment = services.add_treatment(
        user=clinician,
        episode=episode,
        kind="botulinum_toxin",
        date=ago(weeks=1),
        injections=TOLD["injections"],
    )
    services.update_treatment(user=clinician, treatment=treatment, injections=TOLD["injections"][::-1])
    assert treatment.version == 1
    assert [row["muscle"] for row in treatment.injections] == [
        "orbicularis_oculi",
        "zygomaticus_major",
        "mentalis",
    ]


def test_units_of_two_products_are_never_added_up(as_clinician, episode) -> None:
    toxin(episode, injections=TOLD["injections"])
    toxin(episode, injections=TOLD["injections"][:1])
    toxin(episode, product="abobotulinumtoxin_a", injections=TOLD["injections"][:2])
    toxin(episode, product="", injections=TOLD["injections"][:1])
    toxin(episode, injections=[])
    found = toxin_totals(episode.treatments.all())
    assert [(one.product, one.units, one.sessions) for one in found] == [
        ("onabotulinumtoxin_a", 14.5, 2),
        ("abobotulinumtoxin_a", 4.5, 1),
        ("", 2.0, 1),
    ]
    page = re.sub(r"[ \n]+", " ", as_clinician.get(url("record", episode.patient)).content.decode())
    assert "14.5\u00a0U OnabotulinumtoxinA (Botox) in 2 sessions" in page
    assert "4.5\u00a0U AbobotulinumtoxinA (Dysport) in 1 session" in page
    assert "2\u00a0U product not recorded in 1 session" in page
    assert "19\u00a0U" not in page and "21\u00a0U" not in page


def test_the_drawing_marks_each_injected_muscle_with_its_units(as_clinician, episode) -> None:
    treatment = toxin(episode)
    for page in (url("record", episode.patient), url("treatment_edit", treatment)):
        drawn = as_clinician.get(page).content.decode()
        for key, units in (
            ("mentalis-left", "2"),
            ("orbicularis_oculi-left", "2.5"),
            ("zygomaticus_major-right", "8"),
        ):
            point = drawn[drawn.index(f'data-point="{key}"') :].split("</g>")[0]
            assert f">{units}</text>" in point, key
        assert drawn.count("face-point is-given") == 3
    form = as_clinician.get(url("treatment_new", episode)).content.decode()
    assert "is-given" not in form and form.count("data-point=") == len(MUSCLES) * len(SIDES)


def test_no_two_points_of_the_drawing_lie_on_each_other_and_left_is_the_patient_s() -> None:
    places = {(muscle.code, side): muscle.place(side) for muscle in MUSCLES for side in SIDES}
    for one, other in itertools.combinations(places, 2):
        assert math.dist(places[one], places[other]) >= 19.5, (one, other)
    for (_, side), (x, y) in places.items():
        assert (x > 120) == (side == "left"), "the patient's left is on the viewer's right"
        assert 10 <= x <= 230 and 10 <= y <= 280


def test_the_log_tells_injections_in_words_and_audit_finds_a_rewritten_one(
    as_clinician, clinician, episode
) -> None:
    treatment = services.add_treatment(
        user=clinician,
        episode=episode,
        kind="botulinum_toxin",
        date=ago(weeks=1),
        injections=TOLD["injections"][:1],
    )
    services.update_treatment(user=clinician, treatment=treatment, injections=TOLD["injections"][1:2])
    log = as_clinician.get(url("log", episode.patient)).content.decode()
    assert "<del>Mentalis, left 2\u00a0U</del>" in log
    assert "<ins>Orbicularis oculi, left 2.5\u00a0U</ins>" in log
    assert rewritten(name="treatment", pks=[treatment.pk]) == []
    Treatment.objects.filter(pk=treatment.pk).update(injections=TOLD["injections"])
    assert rewritten(name="treatment", pks=[treatment.pk]) == [treatment.pk]


def test_of_two_people_s_injections_neither_is_lost(as_clinician, clinician, episode) -> None:
    treatment = services.add_treatment(
        user=clinician,
        episode=episode,
        kind="botulinum_toxin",
        date=ago(weeks=1),
        injections=TOLD["injections"][:1],
    )
    page = url("treatment_edit", treatment)
    form = form_of(as_clinician, page, having="kind")
    colleague = factories.member(episode.patient.clinic, full_name="Ayu Contoh")
    services.update_treatment(user=colleague, treatment=treatment, injections=TOLD["injections"][:2])
    answer = send(as_clinician, form, **{"injections-mentalis-left": "3"})
    shown = answer.content.decode()
    assert "Ayu Contoh" in shown and "Orbicularis oculi, left 2.5\u00a0U; Mentalis, left 2\u00a0U" in shown
    assert "Mentalis, left 3\u00a0U" in shown
    treatment.refresh_from_db()
    assert treatment.units == 4.5
    theirs = next(one for one in forms_of(answer, page) if "keep-injections" in one.controls)
    assert send(as_clinician, theirs, **{"keep-injections": "theirs"}).status_code == 302
    treatment.refresh_from_db()
    assert treatment.units == 4.5
    services.update_treatment(user=colleague, treatment=treatment, injections=TOLD["injections"][1:2])
    mine = next(
        one
        for one in forms_of(send(as_clinician, form, **{"injections-mentalis-left": "3"}), page)
        if "keep-injections" in one.controls
    )
    assert send(as_clinician, mine, **{"keep-injections": "mine"}).status_code == 302
    treatment.refresh_from_db()
    assert treatment.units == 3.0


def test_what_two_people_told_of_different_things_is_both_kept(as_clinician, clinician, episode) -> None:
    treatment = services.add_treatment(
        user=clinician, episode=episode, kind="steroids", date=ago(weeks=1), drug="Prednisolone"
    )
    form = form_of(as_clinician, url("treatment_edit", treatment), having="kind")
    services.update_treatment(user=clinician, treatment=treatment, dose_mg=60.0)
    assert send(as_clinician, form, days="10").status_code == 302
    treatment.refresh_from_db()
    assert (treatment.drug, treatment.dose_mg, treatment.days) == ("Prednisolone", 60.0, 10)


def test_a_treatment_that_was_taken_off_comes_back_with_all_that_was_told(as_clinician, episode) -> None:
    treatment = toxin(episode)
    as_clinician.post(url("treatment_archive", treatment))
    assert "onabotulinum" not in as_clinician.get(url("record", episode.patient)).content.decode().lower()
    as_clinician.post(url("treatment_restore", treatment))
    treatment.refresh_from_db()
    assert treatment.archived_at is None and treatment.units == 12.5


def test_a_treatment_is_told_in_the_reader_s_language(episode) -> None:
    treatment = toxin(episode)
    assert treatment_words.title(treatment) == "Botulinum toxin, 12.5\u00a0U"
    with translation.override("id"):
        assert treatment_words.title(treatment) == "Toksin botulinum, 12,5\u00a0U"
        assert "2,5\u00a0U" in treatment_words.beyond_title(treatment)


def test_a_row_from_before_says_what_it_said(as_clinician, episode) -> None:
    old = factories.TreatmentFactory(episode=episode, kind="steroids", note="Prednisolone, ten days")
    page = as_clinician.get(url("record", episode.patient)).content.decode()
    assert "Prednisolone, ten days" in page
    typed = {"kind": "steroids", "date": old.date.isoformat(), "note": "Prednisolone, twelve days"}
    assert as_clinician.post(url("treatment_edit", old), edited(old, typed)).status_code == 302
    old.refresh_from_db()
    assert old.note == "Prednisolone, twelve days" and old.dose_mg is None
