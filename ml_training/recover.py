"""A release's network as a Keras model again, to go on from.

    python -m ml_training.recover 2026.11.5 --data DIR... --out RUN/model.keras

A .tflite file has its batch normalisation folded into the convolutions. Here each convolution gets the file's kernel,
and its normalisation the statistics that the convolution has on some pictures, with scale and shift that undo them: the
network answers as the file does, and can be trained on. Knows releases 2026.11.3 to 2026.11.5 and those of `export`
without a judgement.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.classify import NETWORK_FILE
from inference.pipeline.release import ARTIFACTS_DIR, load_release
from inference.pipeline.shape import SHAPE_SIZE
from ml_training import datasets, models, sources

CONVOLUTIONS: Final = ("CONV_2D", "DEPTHWISE_CONV_2D")
HEADS: Final = ("view", "steps", "side", "zone", "done_side")
SEEN: Final = models.PIXEL_WIDTH + models.POINT_WIDTH
"""Width of what those networks see of one side."""


class File:
    """The weights of a .tflite file, in the order in which it uses them."""

    def __init__(self, path: Path) -> None:
        resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self._lite = tf.lite.Interpreter(
            str(path), experimental_op_resolver_type=resolver, experimental_preserve_all_tensors=True
        )
        self._lite.allocate_tensors()
        for given in self._lite.get_input_details():
            self._lite.set_tensor(given["index"], np.zeros(given["shape"], np.float32))
        self._lite.invoke()  # weights in float16 are widened as they are used
        self._names = {d["index"]: d["name"] for d in self._lite.get_tensor_details()}
        self._steps = self._lite._get_ops_details()

    def weights(self, *kinds: str) -> list[tuple[str, np.ndarray, np.ndarray | None]]:
        """(name of the first result, kernel, bias) of each layer of these kinds, once however often it is used."""
        found: dict[int, tuple[str, np.ndarray, np.ndarray | None]] = {}
        for step in self._steps:
            if step["op_name"] in kinds:
                kernel, bias = step["inputs"][1], step["inputs"][2] if len(step["inputs"]) > 2 else -1
                name = self._names[step["outputs"][0]]
                found.setdefault(kernel, (name, self._get(kernel), self._get(bias) if bias >= 0 else None))
        return list(found.values())

    def constant(self, kind: str, width: int) -> np.ndarray:
        """The vector of that width that the first such step takes."""
        steps = (step for step in self._steps if step["op_name"] == kind)
        vectors = (self._get(step["inputs"][1]) for step in steps)
        return next(vector for vector in vectors if vector.shape == (width,))

    def _get(self, index: int) -> np.ndarray:
        return np.asarray(self._lite.get_tensor(index), np.float32)


def recovered(path: Path, size: int, crops: np.ndarray) -> keras.Model:
    """The network of a .tflite file as `models.build` makes it; what the gauge says has no weight yet, and no reference
    has. crops: (N, size, size, 3) uint8, from which the convolutions' statistics are taken."""
    file, model = File(path), models.build(size)
    eye, judgement = models.eye_of(model), models.judgement_of(model)
    convolve(models.trunk_of(model), file.weights(*CONVOLUTIONS), crops)
    eye.get_layer("frame").set_weights([file.constant("SUB", SHAPE_SIZE), file.constant("MUL", SHAPE_SIZE)])
    dense = file.weights("FULLY_CONNECTED")
    branches = [layer for name in ("pixels", "points") for layer in _dense(eye.get_layer(name))]
    for layer, (_, kernel, bias) in zip(branches, dense, strict=False):
        layer.set_weights([kernel.T, bias])
    for head in HEADS:
        own = [(kernel, bias) for name, kernel, bias in dense if f"risorius_1/{head}_" in name]
        first, last = _dense(judgement.get_layer(head))
        first.set_weights([widened(own[0][0].T, first.kernel.shape), own[0][1]])
        last.set_weights([own[1][0].T, np.zeros(last.units) if own[1][1] is None else own[1][1]])
    return model


def _dense(model: keras.Model) -> list[Any]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]


def widened(kernel: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A head's kernel for what is seen with the gauge and beside a reference: (2 * SEEN, n) -> `shape`."""
    wide = np.zeros(shape, np.float32)
    other = SEEN + models.GAUGE_WIDTH
    wide[:SEEN], wide[other : other + SEEN] = kernel[:SEEN], kernel[SEEN:]
    return wide


def convolve(trunk: Any, weights: list[Any], crops: np.ndarray) -> None:
    """Give a trunk the folded weights, and its normalisations the statistics of their inputs."""
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    layers = [layer for layer in trunk.layers if isinstance(layer, kinds)]
    norms = [layer for layer in trunk.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer, norm, (_, kernel, bias) in zip(layers, norms, weights, strict=True):
        layer.kernel.assign(kernel.transpose(1, 2, 3, 0))
        _state(norm, np.zeros(len(bias)), np.ones(len(bias)), bias)
    taps = keras.Model(trunk.input, [norm.input for norm in norms])
    for norm, told, (_, _, bias) in zip(
        norms, taps(crops / 127.5 - 1.0, training=False), weights, strict=True
    ):
        seen = tf.nn.moments(told, (0, 1, 2))
        _state(norm, seen[0].numpy(), seen[1].numpy(), bias)


def _state(norm: Any, mean: np.ndarray, variance: np.ndarray, bias: np.ndarray) -> None:
    """Statistics, and the scale and shift that add no more than the bias to what comes in."""
    norm.set_weights([np.sqrt(variance + norm.epsilon), bias + mean, mean, variance])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("release")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="pictures for the statistics")
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    crops = datasets.load(args.data, ("train",)).crops
    chosen = np.random.default_rng(0).permutation(len(crops))[: args.pictures]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    known = next(
        row for row in load_release(ARTIFACTS_DIR / args.release).card["models"] if row["kind"] == "network"
    )
    (args.out.parent / "stages.json").write_text(json.dumps(known["stages"], indent=1) + "\n")
    recovered(ARTIFACTS_DIR / args.release / NETWORK_FILE, crops.shape[1], crops[chosen]).save(args.out)


if __name__ == "__main__":
    sources.told(main)
