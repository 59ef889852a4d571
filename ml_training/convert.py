"""A Keras network as .tflite files, run as serving runs them: one picture at a time on one core."""

import tempfile
import time
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

VARIANTS = ("float32", "float16", "int8")
"""Width of the weights; int8 computes in whole numbers too, its ranges taken from training pictures."""
TIMED, WARM_UP = 60, 10

Inputs = dict[str, np.ndarray]
"""One picture: an array without the leading axis for each input of the network, by name."""


def input_shapes(model: keras.Model) -> dict[str, tuple[int, ...]]:
    """Shape of each input, without the leading axis, by name."""
    return {tensor.name: tuple(tensor.shape[1:]) for tensor in model.inputs}


def one(model: keras.Model) -> tuple[Any, dict[str, tf.TensorSpec]]:
    """The network as a function of exactly one picture, {name: (1, ...)} -> its output, and what it takes."""
    specs = {
        name: tf.TensorSpec((1, *shape), tf.float32, name=name) for name, shape in input_shapes(model).items()
    }
    single = len(specs) == 1

    def serve(inputs: dict[str, Any]) -> Any:
        return model(next(iter(inputs.values())) if single else inputs, training=False)

    return serve, specs


def to_tflite(model: keras.Model, variant: str, samples: Iterable[Inputs] = ()) -> bytes:
    """The network as a .tflite file of that variant. samples: training pictures, for int8 alone.

    Inputs and outputs stay float32 in every variant. Raises ValueError for another variant, or int8 without samples.
    """
    if variant not in VARIANTS:
        raise ValueError(f"{variant} is none of {', '.join(VARIANTS)}.")
    given = list(samples)
    with tempfile.TemporaryDirectory() as folder:
        serve, specs = one(model)
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", serve, input_signature=[specs])
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if variant != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if variant == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if variant == "int8":
            if not given:
                raise ValueError("int8 takes its ranges from training pictures: give some.")
            converter.representative_dataset = lambda: _representative(given)
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
                tf.lite.OpsSet.TFLITE_BUILTINS,
            ]
        return bytes(converter.convert())


def _representative(samples: list[Inputs]) -> Iterator[dict[str, np.ndarray]]:
    for sample in samples:
        yield {name: value[None].astype(np.float32) for name, value in sample.items()}


class Lite:
    """A .tflite file with one thread. Not safe to share between threads."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._content = content  # the interpreter reads from it for as long as it lives
        self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        # "serving_default_crop:0" is what the converter makes of the name "crop".
        self._inputs = {
            detail["name"].removeprefix("serving_default_").split(":")[0]: detail["index"]
            for detail in self._interpreter.get_input_details()
        }
        self._outputs = {detail["name"]: detail["index"] for detail in self._interpreter.get_output_details()}

    @property
    def names(self) -> list[str]:
        return sorted(self._inputs)

    def set(self, inputs: Inputs) -> None:
        for name, value in inputs.items():
            self._interpreter.set_tensor(self._inputs[name], value[None].astype(np.float32))

    def run(self, inputs: Inputs) -> np.ndarray:
        """(outputs,) float64 of one picture, by a network of one output."""
        self.set(inputs)
        self._interpreter.invoke()
        [index] = self._outputs.values()
        return np.asarray(self._interpreter.get_tensor(index)[0], np.float64)

    def milliseconds(self, inputs: Inputs, times: int = TIMED) -> float:
        """Median time of one picture on one core: the processor's own time of this thread, so that a busy computer
        tells the same as an idle one."""
        self.set(inputs)
        spent = []
        for _ in range(WARM_UP + times):
            before = time.thread_time()
            self._interpreter.invoke()
            spent.append(time.thread_time() - before)
        return round(1000 * float(np.median(spent[WARM_UP:])), 3)
