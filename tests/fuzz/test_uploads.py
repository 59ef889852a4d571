"""The short form: some hundred malformed uploads of every kind."""

from __future__ import annotations

import pytest

from clinic.accounts.services import create_token

from . import cost, malformed, uploads
from .__main__ import arguments

SEED = 20261121
SHORT = 150


@pytest.mark.django_db
def test_no_malformed_upload_breaks_anything_or_leaves_anything_behind(clinician, visit):
    _label, token = create_token(user=clinician, name="fuzz", days=1)
    tally = uploads.run(user=clinician, visit=visit, token=token, count=SHORT, seed_of=SEED, batch=100)
    assert tally.wrong == []
    assert sum(tally.kinds.values()) >= SHORT * 0.9
    assert {answer.partition(" ")[0] for answer in tally.answers} == {"page", "script", "api", "nobody"}
    assert tally.left["photos"] == tally.left["analyses"]
    assert set(tally.dearest) == set(tally.kinds), "of each kind it is known what the dearest took"
    assert max(one.seconds for one in tally.dearest.values()) > 0
    assert all(one.slowest for one in tally.dearest.values() if one.seconds)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bound", "value", "told"),
    [("MOST_SECONDS", -1.0, "of processor time"), ("MOST_GROWTH", -1, "in the web process")],
)
def test_what_costs_more_than_its_bound_is_wrong(bound, value, told, clinician, visit, monkeypatch):
    monkeypatch.setattr(cost, bound, value)
    _label, token = create_token(user=clinician, name="fuzz", days=1)
    tally = uploads.run(user=clinician, visit=visit, token=token, count=5, seed_of=SEED, batch=100)
    assert any(told in line for line in tally.wrong)


def test_a_decoder_that_grows_beyond_its_memory_is_wrong(settings):
    assert "in its decoder" in cost.Spent(0.1, settings.DECODING_MEMORY + 1, 0).wrong()
    assert cost.Spent(0.1, settings.DECODING_MEMORY, 0).wrong() == ""


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(malformed.SPECIAL))
def test_each_special_file_is_refused_or_stored_clean(name, clinician, visit):
    """Also under the name of each kind of picture: a number of them, and never a page that broke."""
    tally = uploads.Tally()
    from django.test import Client
    from django.urls import reverse

    client = Client(raise_request_exception=False)
    client.force_login(clinician)
    for ending in ("jpg", "png", "webp", "heic"):
        form = malformed.body(
            [
                malformed.part("photo", malformed.SPECIAL[name](), filename=f"a.{ending}"),
                malformed.part("exercise", b"smile"),
            ]
        )
        sent = malformed.Sent(name, form, f"multipart/form-data; boundary={malformed.BOUNDARY}")
        url = reverse("visits:upload", args=[visit.pk])
        answer = client.generic(
            "POST", url, sent.body, content_type=sent.content_type, headers={"accept": "application/json"}
        )
        tally.note("script", sent, answer, 0)
        assert answer.status_code in (201, 422)
    assert tally.wrong == [] and uploads.consistent() == []


def test_the_full_form_takes_both_parts_unless_one_is_named(capsys):
    assert arguments([]).parts == ["uploads", "api"]
    assert arguments(["api", "--count", "5"]).parts == ["api"]
    with pytest.raises(SystemExit):
        arguments(["everything"])
    assert "no such part: everything" in capsys.readouterr().err
