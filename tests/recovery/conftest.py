from __future__ import annotations

import pytest

from tests import factories

from . import scenes


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    return factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET)
