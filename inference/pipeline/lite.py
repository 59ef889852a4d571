"""A model file of a release, run by LiteRT, its inputs and outputs told apart by their shapes."""

from pathlib import Path
from typing import Any

import numpy as np

from inference.pipeline.errors import ClassificationFailed

Shape = tuple[int, ...]


class LiteModel:
    """Takes and gives float32 arrays. Not safe to share between threads."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Raises ClassificationFailed where the file can't be loaded."""
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
            self._interpreter.allocate_tensors()
            self._takes = {
                tuple(d["shape"].tolist()): d["index"] for d in self._interpreter.get_input_details()
            }
            self._gives = {
                tuple(d["shape"].tolist()): d["index"] for d in self._interpreter.get_output_details()
            }
        except (ValueError, RuntimeError) as error:
            raise ClassificationFailed("The model file can't be loaded.") from error

    @property
    def takes(self) -> set[Shape]:
        """Shapes of its inputs, with the leading 1."""
        return set(self._takes)

    @property
    def gives(self) -> set[Shape]:
        """Shapes of its outputs, with the leading 1."""
        return set(self._gives)

    def run(self, *inputs: np.ndarray) -> dict[Shape, np.ndarray]:
        """Outputs by shape, float64 and without the leading 1, of one photo's inputs, which lack it too. Raises
        ClassificationFailed, for a result that is no number too."""
        try:
            for given in inputs:
                self._interpreter.set_tensor(self._takes[(1, *given.shape)], given[None].astype(np.float32))
            self._interpreter.invoke()
            made = {s: self._interpreter.get_tensor(i)[0].astype(np.float64) for s, i in self._gives.items()}
        except (KeyError, ValueError, RuntimeError) as error:
            raise ClassificationFailed("The model could not be run.") from error
        if not all(np.isfinite(one).all() for one in made.values()):
            raise ClassificationFailed("The model gave something that is no number.")
        return made
