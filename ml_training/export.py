"""Make a release of a trained network.

    python -m ml_training.export RUN --data DIR... --name 2026.12.1 [--variant float16] [--portraits DIR]

Writes the network as .keras, .h5 and .tflite (float32, float16, int8 with ranges from training pictures) to RUN/export,
calibrates the variant that ships on validation people, compares every file with the Keras model on test people under
that calibration, and refuses to go on if the shipped one changes more than --most-changed of any decision. Then it
evaluates what ships and writes the release's folder: network.tflite, release.json, card.json and the plots.
"""

import argparse
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from inference.pipeline.codes import VIEWS
from inference.pipeline.engine import Engine
from inference.pipeline.release import (
    ACTIVE_FILE,
    ARTIFACTS_DIR,
    JUDGEMENT_FILE,
    PREPROCESSING_VERSION,
    load_release,
    sha256_of,
)
from ml_training import card, card_docs, convert, datasets, equality, plots, sources
from ml_training.convert import VARIANTS
from ml_training.datasets import Pictures
from ml_training.equality import NetworkPair, Said
from ml_training.evaluate import Evaluation, load, of_photographs
from ml_training.models import build, eye_of, judgement_of, steadied
from ml_training.train import meshes

FILE: Final = "network.tflite"
REFINEMENT: Final = "refinement.npz"
LARGEST_FILES: Final = 12 * 2**20
"""Of one release together, bytes."""
MOST_CHANGED: Final = 0.01
"""Share of test pictures for which a decision may differ from the Keras model's."""
REPRESENTATIVE: Final = 200
TIMED: Final = 20


class NetworkDiffers(SystemExit):
    """The file that was to ship decides otherwise than the network that was trained."""


@dataclass(frozen=True)
class ExportedNetwork:
    """One form of the network, in one file or two, and its logits (N, 27) on the test pictures."""

    variant: str
    path: Path
    logits: np.ndarray
    milliseconds: float | None

    @property
    def bytes(self) -> int:
        """Of all its files."""
        files = [self.path, *([judgement_beside(self.path)] if self.path.suffix == ".tflite" else [])]
        return sum(file.stat().st_size for file in files)


def trained(run: Path) -> keras.Model:
    """The run's network, computing in float32 whatever it was trained in. SystemExit where it is not trained yet."""
    file = run / "model.keras"
    if not file.is_file():
        raise SystemExit(
            f"{run} holds no trained network (model.keras): run `python -m ml_training.train` first."
        )
    model, config = loaded(file), json.loads((run / "config.json").read_text())
    if config.get("precision", "float32") == "float32":
        return model
    keras.config.set_dtype_policy("float32")
    kept = {
        key: config[key] for key in ("trunk", "alpha", "dropout", "pixels", "shape", "gauge") if key in config
    }
    plain = build(int(config["size"]), **kept)
    plain.set_weights(model.get_weights())
    return plain


def loaded(path: Path) -> keras.Model:
    """A network of ours from a .keras or .h5 file."""
    return keras.models.load_model(
        path, compile=False, custom_objects=_between() if path.suffix == ".h5" else None
    )


def _between() -> dict[str, Any]:
    """The operations between our layers, which the older form knows by bare names alone, from a small network of the
    same making. Where a layer goes by the same name (`Add`), what was kept of it tells which is meant."""
    whole = build(32, pixels=False)
    parts = [whole, eye_of(whole), judgement_of(whole)]
    operations = [op for part in parts for op in part.operations if not isinstance(op, keras.layers.Layer)]
    return {type(op).__name__: _either(type(op)) for op in operations}


def _either(operation: Any) -> Any:
    layer = getattr(keras.layers, operation.__name__, None)

    def from_config(config: dict[str, Any]) -> Any:
        return (layer if layer and "trainable" in config else operation).from_config(config)

    return type(operation.__name__, (), {"from_config": staticmethod(from_config)})


def samples_of(pictures: Pictures, count: int = REPRESENTATIVE, seed: int = 0) -> list[convert.Inputs]:
    """Training pictures from which int8 takes its ranges."""
    some = pictures.where(np.random.default_rng(seed).permutation(len(pictures))[:count])
    return [equality.inputs_of(some, row, mesh) for row, mesh in enumerate(meshes(some))]


def files(model: keras.Model, folder: Path, samples: list[convert.Inputs]) -> dict[str, Path]:
    """Every file of the network, by variant."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {"keras": folder / "network.keras", "h5": folder / "network.h5"}
    for path in made.values():
        model.save(path)
    eye, judgement = eye_of(model), judgement_of(model)
    seen = [
        eye({name: value[None].astype(np.float32) for name, value in s.items()}).numpy()[0] for s in samples
    ]
    pairs = [
        {"faces": np.stack([one, seen[n - 1]]), "known": np.array([n % 2.0])} for n, one in enumerate(seen)
    ]
    for variant in VARIANTS:
        made[variant] = folder / f"eye-{variant}.tflite"
        made[variant].write_bytes(convert.to_tflite(eye, variant, samples if variant == "int8" else ()))
        later = convert.to_tflite(judgement, variant, pairs if variant == "int8" else ())
        judgement_beside(made[variant]).write_bytes(later)
    return made


def judgement_beside(eye: Path) -> Path:
    """The file of the judgement that goes with an eye's."""
    return eye.with_name(eye.name.replace("eye-", "judgement-"))


def pair_of(eye: Path) -> NetworkPair:
    """Both files of a variant, ready to run."""
    return NetworkPair(eye.read_bytes(), judgement_beside(eye).read_bytes())


def asked(variant: str, path: Path, pictures: Pictures, seen: np.ndarray) -> ExportedNetwork:
    """What a file says of the test pictures, and how long it takes for one on one core. seen: (N, 1486)."""
    if path.suffix != ".tflite":
        model = loaded(path)
        return ExportedNetwork(
            variant,
            path,
            equality.by_keras(model, pictures, seen),
            _keras_milliseconds(model, pictures, seen),
        )
    pair = pair_of(path)
    logits = equality.by_pair(pair, pictures, seen)
    return ExportedNetwork(variant, path, logits, pair.milliseconds(equality.inputs_of(pictures, 0, seen[0])))


def _keras_milliseconds(model: keras.Model, pictures: Pictures, seen: np.ndarray) -> float:
    """One picture by `model.predict`, which is what a program without an exported file would call: the processor's own
    time, so more cores don't shorten it."""
    given = equality.inputs_of(pictures, 0, seen[0])
    one = {name: value[None].astype(np.float32) for name, value in given.items()}
    model.predict(one, verbose=0)
    spent = []
    for _ in range(TIMED):
        before = time.process_time()
        model.predict(one, verbose=0)
        spent.append(time.process_time() - before)
    return round(1000 * float(np.median(spent)), 3)


def rows_of(made: list[ExportedNetwork], wanted: np.ndarray, fitted: dict[str, Any]) -> list[dict[str, Any]]:
    """The table of all files: size, speed and distance from the trained network, whose logits are `wanted`."""
    truth = Said.of(wanted, fitted)
    return [
        {
            "variant": one.variant,
            "bytes": one.bytes,
            "milliseconds": one.milliseconds,
            **equality.difference(truth, Said.of(one.logits, fitted)),
        }
        for one in made
    ]


def check(rows: list[dict[str, Any]], variant: str, most: float) -> dict[str, Any]:
    """The row of the variant that ships. NotEqual if it changes too much, or takes too much room."""
    [row] = [row for row in rows if row["variant"] == variant]
    name, share = equality.worst(row)
    if share > most:
        raise NetworkDiffers(
            f"{variant} changes the {name} of {100 * share:.2f} % of the test pictures, more than {100 * most:.2f} %. "
            "Ship another variant, or say with --most-changed that this is meant."
        )
    if row["bytes"] > LARGEST_FILES:
        raise NetworkDiffers(
            f"{variant} takes {row['bytes'] / 2**20:.1f} MiB, more than {LARGEST_FILES / 2**20:.0f}."
        )
    return row


def write_release(
    folder: Path, size: int, fitted: dict[str, Any], extra: dict[str, Any], content: Any
) -> None:
    """release.json and card.json around the files that lie in the folder. extra: `repeatability` and `refinement`, as
    far as there are any."""
    files = [FILE, JUDGEMENT_FILE, *filter(None, [extra.get("refinement", {}).get("file")])]
    release = {
        "name": folder.name,
        "preprocessing": PREPROCESSING_VERSION,
        "exercises": list(VIEWS),
        "input_sizes": {"network": size},
        "temperatures": fitted["temperatures"],
        "thresholds": fitted["thresholds"],
        "files": {name: sha256_of(folder / name) for name in files},
        "visit": fitted.get("visit", {}),
        **extra,
    }
    (folder / "release.json").write_text(json.dumps(release, indent=1) + "\n")
    (folder / "card.json").write_text(json.dumps(content, indent=1) + "\n")


def _brought(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What other programs made for this release: the repeatability as data, the refinement as a file beside."""
    extra: dict[str, Any] = {}
    if args.repeatability:
        extra["repeatability"] = json.loads(args.repeatability.read_text())
    if args.refinement:
        (folder / REFINEMENT).write_bytes(args.refinement.read_bytes())
        extra["refinement"] = {"file": REFINEMENT}
    return extra


def export(args: argparse.Namespace) -> dict[str, Any]:
    """The whole way from a trained run to a release's folder; returns the card."""
    folder = args.out / args.name
    if (folder / "release.json").exists():
        raise SystemExit(
            f"There is a release {args.name} already: releases never change, give this one another name."
        )
    model = trained(args.run)
    if args.steady:
        model = steadied(model)
    train, val, test = load(args.data)
    made = files(model, args.run / "export", samples_of(train))
    pair = pair_of(made[args.variant])
    untouched = datasets.load([args.untouched], ("train", "val")) if args.untouched else None
    evaluation = Evaluation(equality.predictor(pair, meshes), train, val, test, untouched)
    evaluation.beside = equality.predictor(pair, meshes, beside_rest=True)
    if args.real:
        evaluation.real = datasets.load(args.real, ("val", "test")).without_people_of(untouched)
    fitted = evaluation.fit()
    seen = meshes(test)
    wanted = equality.by_keras(model, test, seen)
    rows = rows_of([asked(variant, path, test, seen) for variant, path in made.items()], wanted, fitted)
    (args.run / "export" / "equality.md").write_text(equality.table(rows) + "\n")
    (args.run / "export" / "equality.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(equality.table(rows))
    shipped = check(rows, args.variant, args.most_changed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(made[args.variant].read_bytes())
    (folder / JUDGEMENT_FILE).write_bytes(judgement_beside(made[args.variant]).read_bytes())
    size = int(model.get_layer("crop").output.shape[1])
    extra = _brought(args, folder)
    write_release(folder, size, fitted, extra, {})  # the photographs below run through it
    learnt = [*args.data, *([args.untouched] if args.untouched else [])]
    photos = _photographs(evaluation, folder, args.portraits, learnt) if args.portraits else None
    content = card_of(args, model, evaluation, photos, {"variant": args.variant, **shipped, "variants": rows})
    write_release(folder, size, fitted, extra, content)
    if args.activate:
        (args.out / ACTIVE_FILE).write_text(args.name + "\n")
    return content


def _photographs(evaluation: Evaluation, folder: Path, portraits: Path, data: list[Path]) -> dict[str, Any]:
    """Real photographs of healthy people through the whole pipeline with this release."""
    evaluation.judged()
    return of_photographs(evaluation, Engine(load_release(folder)), portraits, data=data)


def card_of(
    args: argparse.Namespace, model: keras.Model, evaluation: Evaluation, photos: Any, equal: dict[str, Any]
) -> dict[str, Any]:
    """card.json: the words of `card.WORDS`, how the network was made, and the whole evaluation."""
    folder = args.out / args.name
    measured = evaluation.run(folder, photos, args.data)
    plots.learning({"network": args.run / "log.csv"}, folder / "learning.png")
    known = [row for row in measured.pop("figures") if row["value"] is not None and row["low"] is not None]
    return {
        "name": args.name,
        "made_on": datetime.now(UTC).date().isoformat(),
        "note": args.note,
        **card.WORDS,
        "models": [
            network_row(args.run, model, folder / FILE, args.variant),
            card.judgement_row(folder / JUDGEMENT_FILE),
        ],
        "data": data_row(args.run, evaluation, args.data),
        "thresholds": evaluation.fitted["thresholds"],
        "equality_with_keras": equal,
        "figures": known,
        **measured,
        "plots": plots.listed(folder),
    }


def network_row(run: Path, model: keras.Model, file: Path, variant: str) -> dict[str, Any]:
    """What the network is and how it was trained."""
    config = json.loads((run / "config.json").read_text())
    steps = card.stages(run)
    return {
        "kind": "network",
        "file": file.name,
        "bytes": file.stat().st_size,
        "network": f"{config['trunk']} {config['alpha']} beside its mirror image, with the mesh's points and gauge",
        "trunk": config["trunk"],
        "alpha": config["alpha"],
        "input_px": config["size"],
        "parameters": model.count_params(),
        "variant": variant,
        "weight_bits": {"float32": 32, "float16": 16, "int8": 8}[variant],
        "epochs": sum(step["epochs"] for step in steps),
        "pictures": steps[-1]["pictures"],
        "people": steps[-1]["people"],
        "learning_rate": steps[-1]["learning_rate"],
        "batch": config["batch"],
        "seed": config["seed"],
        "started_from": "ImageNet" if config.get("weights") or len(steps) > 1 else "random weights",
        "stages": steps,
    }


def data_row(run: Path, evaluation: Evaluation, data: list[Path]) -> dict[str, Any]:
    """Who is in which split, nobody in two, and the data sets by the hashes of their manifests."""
    history = json.loads((run / "history.json").read_text())
    splits = {"train": {"people": history["people"]["train"], "pictures": history["pictures"]["train"]}}
    for name, part in (("val", evaluation.val), ("test", evaluation.test)):
        splits[name] = {"people": len(set(part.person.tolist())), "pictures": len(part)}
    learnt = [Path(folder) for folder in json.loads((run / "config.json").read_text()).get("data", [])]
    manifests = {folder.name: folder / "manifest.json" for folder in [*data, *learnt]}
    return {
        "kind": "simulated photos of healthy faces and of palsies, grades I to VI, twelve views",
        "split": "by person: everyone, and whoever looks like them, is in one split only",
        "disjoint_by": "person",
        "splits": splits,
        "manifest_sha256": [sha256_of(file) for file in manifests.values() if file.is_file()],
        "sets": [name for name, file in manifests.items() if file.is_file()],
        "demo": "the demo clinic's people are composed of portraits that are in no split",
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the trained run")
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="to calibrate, compare and test on"
    )
    parser.add_argument(
        "--untouched", type=Path, help="portraits as they are (`unmoved`), for the palsy's threshold"
    )
    parser.add_argument(
        "--real", type=Path, nargs="+", help="more of them, labelled by eye, to measure real photographs on"
    )
    parser.add_argument("--name", required=True)
    parser.add_argument("--steady", action="store_true", help="ship a mean with and without the pixels")
    parser.add_argument("--variant", choices=VARIANTS, default="float16", help="of the network that ships")
    parser.add_argument("--most-changed", type=float, default=MOST_CHANGED, metavar="SHARE")
    parser.add_argument("--note", default="", help="one sentence on how this release was made")
    parser.add_argument("--portraits", type=Path, help="real photographs of healthy people, for false alarms")
    parser.add_argument(
        "--repeatability", type=Path, help="JSON: detectable change of each measure and score"
    )
    parser.add_argument("--refinement", type=Path, help="the fitted correction of landmarks (.npz)")
    parser.add_argument("--out", type=Path, default=ARTIFACTS_DIR)
    parser.add_argument("--docs", type=Path, help="the folder of the pages that repeat the figures (docs)")
    parser.add_argument(
        "--activate", action="store_true", help="name it in ACTIVE, for an installation of none yet"
    )
    args = parser.parse_args()
    content = export(args)
    if args.docs:
        card_docs.renew(args.docs, content)
    print(
        f"Release {args.name} lies in {args.out / args.name}. Next: python manage.py model register {args.name}"
    )


if __name__ == "__main__":
    sources.told(main)
