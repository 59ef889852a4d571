"""Landmarks are kept short and come back as they were."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.audit import statements
from inference.models import Analysis
from tests import factories

pytestmark = pytest.mark.django_db
SHARE = st.integers(-32_767, 32_767).map(lambda steps: steps / 10_000)
FACE = [[round(n / 478, 4), round(1 - n / 999, 4)] for n in range(478)]


def stored(landmarks) -> Analysis:
    analysis = factories.AnalysisFactory()
    Analysis.objects.filter(pk=analysis.pk).update(landmarks=landmarks)
    return Analysis.objects.get(pk=analysis.pk)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(SHARE, SHARE).map(list), min_size=1, max_size=20))
def test_they_come_back_as_they_were(landmarks):
    assert Analysis(landmarks=landmarks)._meta.get_field("landmarks").get_prep_value(landmarks) != landmarks
    analysis = stored(landmarks)
    assert analysis.landmarks == landmarks
    assert Analysis.objects.values_list("landmarks", flat=True).get(pk=analysis.pk) == landmarks


@pytest.mark.parametrize("landmarks", [None, [], [[4.5, 0.1]], [[0.1, 0.2, 0.3]], ["odd"], {"odd": 1}])
def test_what_is_no_face_is_kept_as_it_is(landmarks):
    assert stored(landmarks).landmarks == landmarks


def test_a_face_takes_a_third_of_its_text():
    analysis = stored(FACE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT landmarks::text FROM inference_analysis WHERE id = %s", [analysis.pk])
        [text] = cursor.fetchone()
    assert len(text) < len(json.dumps(FACE)) / 3


def test_rows_from_before_are_read_and_their_line_of_the_log_holds():
    analysis = stored(FACE)
    now = statements.text_of_row(analysis)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inference_analysis SET landmarks = %s WHERE id = %s", [json.dumps(FACE), analysis.pk]
        )
    before = Analysis.objects.get(pk=analysis.pk)
    assert before.landmarks == FACE
    assert statements.text_of_row(before) == now
