"""A model file, run by LiteRT, its inputs and outputs told apart by their shapes."""

from pathlib import Path
from typing import Any

import numpy as np

from inference.pipeline.errors import ClassificationFailed, PipelineError

Shape = tuple[int, ...]


class LiteModel:
    """Takes and gives float32 arrays. Not safe to share between threads."""

    def __init__(
        self, model: Path | bytes, threads: int = 1, error: type[PipelineError] = ClassificationFailed
    ) -> None:
        """model: the file, or what it holds. error: what is raised where it can't be loaded or run."""
        from ai_edge_litert.interpreter import Interpreter

        self._error = error
        given = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
        try:
            self._interpreter: Any = Interpreter(**given, num_threads=threads)
            self._interpreter.allocate_tensors()
            self._takes = {
                tuple(d["shape"].tolist()): d["index"] for d in self._interpreter.get_input_details()
            }
            self._gives = {
                tuple(d["shape"].tolist()): d["index"] for d in self._interpreter.get_output_details()
            }
        except (ValueError, RuntimeError) as problem:
            raise error("The model file can't be loaded.") from problem

    @property
    def takes(self) -> set[Shape]:
        """Shapes of its inputs, with the leading 1."""
        return set(self._takes)

    @property
    def gives(self) -> set[Shape]:
        """Shapes of its outputs, with the leading 1 where they have one."""
        return set(self._gives)

    def run(self, *inputs: np.ndarray) -> dict[Shape, np.ndarray]:
        """Outputs by shape, float64 and without the leading 1, of one photo's inputs, which lack it too. Raises the
        given error, for a result that is no number too."""
        try:
            for given in inputs:
                self._interpreter.set_tensor(self._takes[(1, *given.shape)], given[None].astype(np.float32))
            self._interpreter.invoke()
            made = {
                shape: self._interpreter.get_tensor(index).astype(np.float64)
                for shape, index in self._gives.items()
            }
        except (KeyError, ValueError, RuntimeError) as problem:
            raise self._error("The model could not be run.") from problem
        if not all(np.isfinite(one).all() for one in made.values()):
            raise self._error("The model gave something that is no number.")
        return {shape: one[0] if shape[0] == 1 else one for shape, one in made.items()}
