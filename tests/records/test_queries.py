"""Each page takes the queries that are meant, and as many for a clinic three times as large."""

from __future__ import annotations

import pytest

from tests.matrix.table import ROWS

from . import baseline, pages, seed

pytestmark = pytest.mark.django_db


def test_each_page_takes_the_queries_that_are_meant_whatever_the_clinic_s_size():
    templates = baseline.fill()
    clients = pages.clients(seed.house())
    meant = baseline.meant()
    assert baseline.counts(clients, meant=meant) == meant, f"If the change is meant: {baseline.RENEW}"
    seed.grow(baseline.MORE, templates)
    assert baseline.counts(clients, meant=meant) == meant, "the count grows with the clinic"


def test_every_address_that_is_read_is_measured_or_left_out_for_a_reason():
    measured = {str(row) for row in ROWS if pages.is_asked(row)}
    assert measured <= {f"GET {page.label}" for page in pages.pages()}
    unmeasured = {
        row.name
        for row in ROWS
        if row.method == "GET" and not pages.is_asked(row) and not row.name.startswith(pages.OF_LOGGING_IN)
    }
    named = {row.name for row in ROWS if pages.is_asked(row)}
    assert unmeasured - named - set(pages.LEFT_OUT) == set()
    # A reason for an address that isn't there any more, or that is measured, is a lie.
    assert set(pages.LEFT_OUT) <= {row.name for row in ROWS}
