"""Every measure that a photo gives, with sign, unit and error, and where its scale comes from."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from clinic.visits import lengths
from inference.pipeline.measure.registry import MEASURES

from .. import factories

SIDED = {"left": 4.04, "right": 6.0, "ratio": 0.67, "difference": -1.96}
FOUND = {one.name: SIDED if one.sided else {"value": -1.26, "share": -0.02} for one in MEASURES}


pytestmark = pytest.mark.django_db


def test_each_measure_has_a_name_and_the_registry_s_definition():
    with translation.override("en"):
        for one in MEASURES:
            assert str(lengths.DEFINITIONS[one.name]) == one.definition
            assert lengths.NAMES[one.name] and lengths.UNITS[one.unit]
    assert len(MEASURES) == len(lengths.NAMES) == len(lengths.DEFINITIONS) == 16


@pytest.mark.parametrize("view", ["rest", "smile", "smile_with_teeth", "gentle_eye_closure", "brow_raise"])
def test_a_view_shows_what_it_gives_and_no_more(view):
    shown = {
        str(one.name) for one in lengths.lengths(symmetry={"measures": FOUND}, view=view, release="none")
    }
    kinds = {view} | ({"closed_smile", "smile_with_teeth"} if view == "smile" else set())
    assert shown == {str(lengths.NAMES[one.name]) for one in MEASURES if kinds & set(one.views)}


def test_signs_and_errors_are_told():
    rows = {
        str(one.name): one
        for one in lengths.lengths(symmetry={"measures": FOUND}, view="rest", release="none")
    }
    brow, drop = rows["Brow height"], rows["Commissure height"]
    assert (brow.left, brow.right, brow.difference, brow.unit) == ("4.0", "6.0", "\N{MINUS SIGN}2.0", "mm")
    assert (drop.left, drop.right, drop.difference) == ("–", "–", "\N{MINUS SIGN}1.3")
    assert brow.error == "not known"


@pytest.mark.parametrize(
    ("symmetry", "says"),
    [
        (
            {"mm_per_px": 0.4, "scale_from": "iris", "iris_mm": 11.77},
            "Scale from the irises, taken to be 11.77 mm wide.",
        ),
        ({"mm_per_px": 0.4, "scale_from": "rest_photo"}, "Scale from the visit's photo at rest"),
        ({}, ""),
    ],
)
def test_where_the_scale_comes_from(symmetry, says):
    assert lengths.scale_source(symmetry).startswith(says)


def test_the_photo_s_page_shows_them(as_clinician, visit):
    data = factories.findings(exercise="rest")
    data["symmetry"] |= {"measures": FOUND, "scale_from": "iris", "iris_mm": 11.77}
    photo = factories.PhotoFactory(visit=visit, exercise="rest")
    factories.AnalysisFactory(photo=photo, data=data)
    text = as_clinician.get(reverse("visits:photo", args=[photo.pk])).content.decode()
    assert "Brow height" in text and "\N{MINUS SIGN}2.0" in text and "Scale from the irises" in text
