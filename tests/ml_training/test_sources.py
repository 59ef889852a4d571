"""Raw material that is missing says where anyone can get it."""

from __future__ import annotations

import pytest

from ml_training import sources


@pytest.mark.parametrize(
    ("find", "told"),
    [
        (sources.face_folder, "github.com/ICT-VGL/ICT-FaceKit"),
        (sources.portrait_files, "github.com/SelfishGene/SFHQ-dataset"),
        (sources.weights_file, "weights='imagenet'"),
    ],
)
def test_what_is_missing_says_where_to_get_it(find, told, tmp_path):
    with pytest.raises(sources.SourceMissing, match=told.replace(".", r"\.")):
        find(tmp_path / "none")


def test_a_person_of_fewer_than_six_portraits_is_refused():
    import numpy as np

    from ml_training.compose import LARGEST_SHARE, shares

    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 6"):
        shares(5, rng)
    for count in (6, 7, 9):
        weight = shares(count, rng)
        assert weight.sum() == pytest.approx(1)
        assert weight.max() <= LARGEST_SHARE
