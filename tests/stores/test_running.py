"""Real worker processes whose photos lie in a bucket: each fork speaks to the store for itself."""

from __future__ import annotations

import pytest

from clinic.store import files
from clinic.visits import quick
from inference.jobs.states import Status
from tests import factories
from tests.inference.conftest import write_release
from tests.inference.running import Worker, queue, result_of

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def test_photos_are_analysed_and_a_check_is_answered(bucket, tmp_path, settings, transactional_db):
    settings.QUICK_CHECK_WAIT = 20.0
    write_release(tmp_path / "models")
    clinic = factories.ClinicFactory()
    visit = factories.VisitFactory(episode__patient__clinic=clinic, clinician=factories.member(clinic))
    photos = [
        factories.PhotoFactory(
            visit=visit,
            image=files.write(factories.jpeg(), clinic=clinic),
            thumbnail=files.write(factories.jpeg(32, 40), clinic=clinic),
        )
        for _ in range(4)
    ]
    with Worker(tmp_path, **bucket.env()) as worker:
        analyses = [queue(photo) for photo in photos]
        assert {result_of(analysis).status for analysis in analyses} == {Status.SUCCEEDED}
        found = quick._ask(factories.jpeg())
        assert "error" not in found
        bucket.client.delete_object(Bucket=bucket.name, Key=photos[0].image.name)
        photos[0].analyses.all().delete()
        lost = result_of(queue(photos[0]))
        assert (lost.status, lost.error_code) == (Status.FAILED, "file_missing")
        worker.rest()
    assert not [key for key in bucket.lying() if key.startswith("incoming/")], "nothing of the check stays"
