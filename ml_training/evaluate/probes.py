"""Small classifiers that must not succeed: each sees what should tell nothing of the label."""

from dataclasses import dataclass

import cv2
import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_training.datasets import BOTH, Pictures
from ml_training.evaluate.intervals import Figure, Sample

SMALL = 20
"""Side of the reduced crop that a probe sees, px."""
PARTS = 60


@dataclass(frozen=True)
class Clues:
    """What a probe sees of N pictures, and whose they are. features: (N, k)."""

    features: np.ndarray
    target: np.ndarray
    person: np.ndarray


def small(crops: np.ndarray) -> np.ndarray:
    """(N, SMALL * SMALL * 3) float32 of crops (N, s, s, 3)."""
    made = [cv2.resize(crop, (SMALL, SMALL), interpolation=cv2.INTER_AREA).ravel() for crop in crops]
    return np.array(made, np.float32).reshape(len(crops), -1)


def reader(columns: int) -> Pipeline:
    """Logistic regression on principal components: strong enough to find a background that repeats."""
    parts = [StandardScaler()]
    if columns > PARTS:
        parts.append(PCA(PARTS, whiten=True, random_state=0))
    return make_pipeline(*parts, LogisticRegression(C=0.1, max_iter=300))


def probe(key: str, name: str, train: Clues, test: Clues, trees: bool = False) -> Figure:
    """Area under the curve on test people of a classifier that learnt from training people. 0.5 is chance."""
    sample = Sample(test.person)
    if min(len(np.unique(train.target)), len(np.unique(test.target))) < 2 or len(train.target) < 20:
        return sample.where(np.zeros(len(test.target), bool)).share(key, name, np.zeros(0))
    if trees:
        model = HistGradientBoostingClassifier(max_iter=80, max_leaf_nodes=8, random_state=0)
    else:
        model = reader(min(train.features.shape))
    model.fit(train.features, train.target)
    score = model.predict_proba(test.features)[:, 1]
    return sample.area(key, name, score, np.asarray(test.target, bool))


def background(pictures: Pictures, mask: np.ndarray, target: np.ndarray) -> Clues:
    """Only what lies outside every face."""
    crops = pictures.crops.copy()
    crops[:, mask] = 128
    return Clues(small(crops), target, pictures.person)


def neutral_portrait(pictures: Pictures) -> Clues:
    """Each visit's label, told from the person's mean healthy face in *one other* visit, the first; were there several,
    their number would tell how many of the person's visits are healthy. People without one are out."""
    features, targets, people = [], [], []
    for who in np.unique(pictures.person):
        rows = np.flatnonzero(pictures.person == who)
        visits, first = np.unique(pictures.visit[rows], return_index=True)
        grade = pictures.grade[rows[first]]
        for visit, value in zip(visits, grade, strict=True):
            healthy = rows[(pictures.visit[rows] != visit) & (pictures.grade[rows] == 1)]
            if len(healthy):
                healthy = healthy[pictures.visit[healthy] == np.unique(pictures.visit[healthy])[0]]
                features.append(small(pictures.crops[healthy]).mean(0))
                targets.append(value > 1)
                people.append(who)
    empty = np.zeros((0, SMALL * SMALL * 3), np.float32)
    return Clues(
        np.array(features, np.float32) if features else empty, np.array(targets, bool), np.array(people)
    )


def photograph(pictures: Pictures) -> np.ndarray:
    """(N, k) how the picture was taken: its conditions, its size, and what a file would tell."""
    files = []
    for crop in pictures.crops:
        coded = cv2.imencode(".jpg", crop[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        files.append([len(coded), crop.mean(), crop.std(), *crop.mean((0, 1))])
    rows = np.array(files, float).reshape(len(pictures), -1)
    return np.column_stack([pictures.conditions, pictures.photo_size, rows])


def conditions_only(pictures: Pictures) -> np.ndarray:
    """(N, k) the conditions that the simulator drew and the photo's size, without any pixel."""
    return np.column_stack([pictures.conditions, pictures.photo_size]).astype(float)


def one_sided(pictures: Pictures) -> np.ndarray:
    """(N,) weak on exactly one side."""
    return np.asarray((pictures.side >= 0) & (pictures.side != BOTH))
