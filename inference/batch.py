"""Many photos through the pipeline without a database: what `analyse_photos` prints."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inference.pipeline.codes import State
from inference.pipeline.errors import PipelineError
from inference.pipeline.findings import Findings

if TYPE_CHECKING:
    from inference.pipeline import Analyser

logger = logging.getLogger(__name__)

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
"""What is taken from a folder; a file named by itself is always tried."""
KEYS: Final = (
    "file", "state", "reason", "exercise", "exercise_probabilities", "palsy_probability", "palsy_verdict",
    "weak_side", "grade", "grade_probabilities", "zones", "symmetry", "quality", "milliseconds", "release",
)  # fmt: skip
"""The keys of one line of JSON, in their order."""


def photos(paths: Iterable[Path]) -> list[Path]:
    """The files named, and the photos in the folders named and below, sorted; hidden ones are left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (
                file
                for file in path.rglob("*")
                if file.suffix.lower() in SUFFIXES
                and file.is_file()
                and not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
            found += sorted(inside)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def analyse_all(analyser: Analyser, files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """One row with `KEYS` for each file; a file that fails does not stop the others."""
    for file in files:
        start = time.perf_counter()
        try:
            row = _row(file, analyser.analyse(file))
        except PipelineError as error:
            code = error.code if file.exists() else "file_missing"
            row = _failed(file, code, analyser.release.name)
        except MemoryError:
            row = _failed(file, "out_of_memory", analyser.release.name)
        except Exception:
            logger.exception("A photo stopped the pipeline")
            row = _failed(file, "internal", analyser.release.name)
        row["milliseconds"] = round(1000 * (time.perf_counter() - start), 1)
        yield row


def _row(file: Path, findings: Findings) -> dict[str, Any]:
    values = findings.as_dict()
    return {"file": str(file)} | {key: values[key] for key in KEYS[1:]}


def _failed(file: Path, code: str, release: str) -> dict[str, Any]:
    failed = Findings(state="rejected", reason=code, release=release)
    return _row(file, failed) | {"state": State.FAILED.value}
