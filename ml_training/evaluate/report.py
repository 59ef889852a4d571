"""A whole evaluation: figures, groups, visits, controls, baseline, photographs; as data and as pictures."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inference.pipeline.codes import VIEWS
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import Release
from ml_training import calibrate, card, datasets, plots
from ml_training.baseline import Baseline
from ml_training.datasets import BOTH, FIELDS, DataMissing, Pictures
from ml_training.evaluate import controls, figures, groups, leaks, photographs, real, visits
from ml_training.evaluate.answers import Predict, RawOutputs, calibrated
from ml_training.evaluate.controls import CalibratedNetwork, Control
from ml_training.evaluate.figures import Judged

PROBED = 3000
"""Training pictures that probes and the baseline's spread are made from: enough, and a tenth of the memory."""


@dataclass
class Evaluation:
    """What one evaluation needs, and what it has measured so far.

    predict: the network with what serving does around it. release: its temperatures, thresholds and visit parameters
    are used as they are; where `fitted` is given (by the exporter, before a release is written) those instead.
    untouched: portraits as they are, of training and validation people, for the thresholds. real: photographs as they
    are, of people in no training and not among those. beside: the network with the face at rest of the same visit.
    """

    predict: Predict
    train: Pictures
    val: Pictures
    test: Pictures
    untouched: Pictures | None = None
    real: Pictures | None = None
    beside: Predict | None = None
    fitted: dict[str, Any] = field(default_factory=dict)
    raw_val: RawOutputs | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)

    def fit(self) -> dict[str, Any]:
        """Temperatures, thresholds, isotonic comparison and visit parameters, on validation people."""
        raw = self._ask_validation()
        people = None
        if self.untouched is not None:
            people = calibrate.Untouched(self.untouched, self.predict(self.untouched))
        found = calibrate.fit(raw, self.val, people)
        answers = calibrated(raw, found["temperatures"])
        self.fitted = found | {"visit": visits.fit(answers, self.val)}
        return self.fitted

    def take(self, release: Release) -> None:
        """A release's own calibration; operating points of the figures come from validation people all the same."""
        answers = calibrated(self._ask_validation(), release.temperatures)
        one = self.val.side != BOTH
        points = calibrate.palsy_thresholds(answers.palsy[one], self.val.grade[one])
        kept = {key: value for key, value in points.items() if key.startswith("palsy_at_")}
        self.fitted = {
            "temperatures": release.temperatures,
            "thresholds": kept | release.thresholds,
            "isotonic": calibrate.isotonic_or_temperature(answers, self.val),
            "visit": release.visit,
        }

    def _ask_validation(self) -> RawOutputs:
        """The network's outputs on validation people, asked once. Raises DataMissing."""
        if not len(self.val) or not len(self.test):
            raise DataMissing("An evaluation needs pictures of validation people and of test people.")
        if self.raw_val is None:
            self.raw_val = self.predict(self.val)
        return self.raw_val

    def network(self) -> CalibratedNetwork:
        return CalibratedNetwork(self.predict, self.fitted["temperatures"], self.fitted["thresholds"])

    def judged(self) -> Judged:
        """The test pictures with their answers; the network is asked once."""
        if not hasattr(self, "_judged"):
            answers = calibrated(self.predict(self.test), self.fitted["temperatures"])
            self._judged = Judged(self.test, answers, self.fitted["thresholds"])
        return self._judged

    def run(
        self, folder: Path, photos: dict[str, Any] | None = None, data: list[Path] | None = None
    ) -> dict[str, Any]:
        """Everything, as a model card holds it, and plots in `folder`. photos: what `of_photographs` returned.

        `measured` then holds the same as data alone, groups and controls in full.
        """
        folder.mkdir(parents=True, exist_ok=True)
        judged, clock = self.judged(), _Clock(self.seconds)
        overall = figures.figures(judged)
        rows = groups.by_group(judged)
        clock.lap("figures")
        portraits = self.portraits(judged)
        clock.lap("real photographs")
        beside_rest = self.beside_rest()
        clock.lap("beside rest")
        told = visits.Told.of(judged.answers, self.test, self.fitted["visit"])
        visit = {
            "figures": visits.figures(told),
            "by_views": visits.by_views(judged.answers, self.test, self.fitted["visit"]),
            "zones": visits.zone_coverage(told),
        }
        clock.lap("visits")
        found: list[Control] = controls.run(self.network(), judged, self.train)
        found += [leaks.near_duplicates(self.train, self.test), leaks.labels_by_person(self.test)]
        found += [leaks.same_files(data)] if data else []
        found += (photos or {}).pop("controls", [])
        clock.lap("controls")
        baseline = baseline_figures(judged, self.baseline())
        values = {row["key"]: row["value"] for row in overall}
        content = {
            "figures": [
                *figures.grouped("real photographs", portraits.get("figures", [])),
                *figures.grouped("", overall),
                *figures.grouped("beside the face at rest", beside_rest),
                *figures.grouped("a whole visit", visit["figures"]),
                *figures.grouped("without a network", baseline["figures"]),
                *figures.grouped("real photographs", (photos or {}).pop("figures", [])),
            ],
            "tables": figures.tables(judged),
            "groups": rows,
            "groups_worse": groups.gaps(rows, _overall(values)),
            "not_evaluated": list(groups.NOT_EVALUATED),
            "visits": {"by_views": visit["by_views"], "zones": visit["zones"]},
            "baseline": baseline["spread"],
            "calibration": {"fitted_on": "validation people", **self.fitted},
            "controls": [control.row() for control in found],
            "leak_hunt": leaks.report(found),
            "photographs": photos or {},
            "real": portraits.get("confusion", {}),
            "people": {name: _count(getattr(self, name)) for name in SPLITS_USED},
        }
        content["plots"] = plots.draw(folder, content, judged, self.baseline())
        clock.lap("plots")
        content["seconds"] = dict(self.seconds)
        self.measured = content
        return card.sentences(content)

    def portraits(self, judged: Judged) -> dict[str, Any]:
        """What `real.measured` tells of the real photographs; empty without any."""
        if self.real is None or not len(self.real):
            return {}
        answers = calibrated(self.predict(self.real), self.fitted["temperatures"])
        return real.measured(real.Portraits(self.real, answers, self.fitted["thresholds"]), judged)

    def beside_rest(self) -> list[dict[str, Any]]:
        """Figures of the test pictures that have a photo at rest in their visit, beside it and alone."""
        known = datasets.references(self.test) >= 0
        if self.beside is None or not known.any():
            return []
        told = calibrated(self.beside(self.test), self.fitted["temperatures"])
        rows: list[dict[str, Any]] = []
        for key, name, answers in (
            ("beside", "beside rest", told),
            ("alone", "alone", self.judged().answers),
        ):
            part = Judged(self.test, answers, self.fitted["thresholds"]).where(known)
            for row in figures.figures(part):
                if row["key"] in BESIDE_REST:
                    rows.append(row | {"key": f"{key}_{row['key']}", "name": f"{row['name']}, {name}"})
        return sorted(rows, key=lambda row: BESIDE_REST.index(row["key"].partition("_")[2]))

    def baseline(self) -> Baseline:
        """Fitted on training people, or validation people where a data set has none."""
        return Baseline.fit(self.train if len(self.train) else self.val)


BESIDE_REST = (
    "view_macro_f1", "view_macro_f1_severe", "palsy_auc_clear", "specificity", "sensitivity_clear",
    "side_accuracy_clear", "grade_within_one",
)  # fmt: skip
"""Figures that are told of photos beside the face at rest too."""
SPLITS_USED = ("train", "val", "test")


def _overall(values: dict[str, Any]) -> dict[str, float]:
    """The overall figures under the names that groups use."""
    names = {"view": "exercise_accuracy", "palsy_auc_clear": "palsy_auc_clear", "specificity": "specificity",
             "sensitivity_clear": "sensitivity_clear", "side_clear": "side_accuracy_clear",
             "within_one": "grade_within_one"}  # fmt: skip
    return {short: values[long] for short, long in names.items() if values.get(long) is not None}


def _count(pictures: Pictures) -> dict[str, int]:
    return {
        "pictures": len(pictures),
        "people": len(np.unique(pictures.person)),
        "visits": len(np.unique(pictures.visit)),
    }


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.last = seconds, time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self.last, 1)
        self.last = now


def baseline_figures(judged: Judged, baseline: Baseline) -> dict[str, Any]:
    """Areas without a network, on the very pictures of the network's."""
    part = judged.where(judged.one_sided)
    score, weak, against = (
        baseline.score(part.pictures.points),
        part.pictures.weak,
        part.clear | ~part.pictures.weak,
    )
    name = "Five differences without a network: palsy, area under the curve, grades"
    rows = [
        part.sample.area("baseline_auc", f"{name} II to VI", score, weak),
        part.sample.where(against).area(
            "baseline_auc_clear", f"{name} III to VI", score[against], weak[against]
        ),
    ]
    return {"figures": [row.row() for row in rows if row.value is not None], "spread": baseline.as_dict()}


def of_photographs(
    evaluation: Evaluation,
    engine: photographs.Analyses,
    folder: Path,
    limit: int = 0,
    size: int = 0,
    data: Sequence[Path] = (),
) -> dict[str, Any]:
    """Real healthy photographs through the whole pipeline, and the controls that need whole photographs. data: the data
    sets that the network learnt from, whose people are left out."""
    found = photographs.analysed(engine, folder, limit, photographs.learnt_from(data))
    files = [p.file for p in found if p.found.state == "succeeded"]
    judged = evaluation.judged()
    clear = judged.clear & judged.one_sided
    fitted = evaluation.baseline()
    areas = photographs.against_simulated(
        found,
        judged.answers.palsy[clear],
        judged.pictures.points[clear],
        judged.pictures.person[clear],
        judged.pictures.grade[clear],
        fitted,
    )
    size = size or int(judged.pictures.crops.shape[1])
    checks = [
        photographs.mirror_check(engine, files),
        photographs.same_pixels(
            engine, evaluation.predict, evaluation.fitted["temperatures"], FaceMesh(), size, files
        ),
    ]
    rows = [row for row in (photographs.headline(found), *areas) if row]
    return {
        "false_alarms": photographs.alarms("all", [p.found for p in found]),
        "by_label": [
            photographs.alarms(view, [p.found for p in found if p.wanted == view])
            for view in VIEWS
            if any(p.wanted == view for p in found)
        ],
        "degraded": photographs.degraded(engine, files),
        "views": photographs.view_agreement(found),
        "auc": areas,
        "figures": rows,
        "controls": checks,
    }


def sampled(folders: list[Path], split: str, most: int, seed: int = 0) -> Pictures:
    """At most about `most` pictures of a split, drawn evenly from the shards, without holding all at once."""
    files = [path for folder in folders for path in sorted(folder.glob("part-*.npz"))]
    each = -(-most // max(1, len(files)))
    rng = np.random.default_rng(seed)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in FIELDS}
    for path in files:
        with np.load(path) as shard:
            rows = np.flatnonzero(shard["split"] == split)
            # Whole visits, so that probes of a visit find all of it.
            names = rng.permutation(np.unique(shard["visit"][rows]))
            kept = rows[np.isin(shard["visit"][rows], names[: max(2, each // 12)])]
            for name in FIELDS:
                columns[name].append(datasets.column(shard, name)[kept])
    if not files:
        raise DataMissing(
            f"No pictures in {', '.join(map(str, folders))}: run `python -m ml_training.simulate`."
        )
    return Pictures(*(np.concatenate(columns[name]) for name in FIELDS))


def load(folders: list[Path]) -> tuple[Pictures, Pictures, Pictures]:
    """(train sample, val, test); raises ValueError if anybody is in two splits."""
    train = sampled(folders, "train", PROBED)
    held = datasets.load(folders, splits=("val", "test"))
    datasets.check_disjoint(np.r_[train.person, held.person], np.r_[train.split, held.split])
    return train, held.of("val"), held.of("test")


def data_hash(folders: list[Path]) -> str:
    """SHA-256 of the manifests, which name every portrait, the seed and the generator's version."""
    digest = hashlib.sha256()
    for folder in folders:
        file = folder / "manifest.json"
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()
