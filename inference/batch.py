"""Many photos through the pipeline without a database: what `analyse_photos` prints."""

from __future__ import annotations

import base64
import logging
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inference.pipeline.codes import AnalysisState
from inference.pipeline.errors import PipelineError
from inference.pipeline.findings import Findings

from .errors import explain
from .finding import from_analysis
from .models import Analysis
from .results import result_columns
from .sentences import model_finding

if TYPE_CHECKING:
    from inference.pipeline import Analyser

logger = logging.getLogger(__name__)

FORMAT: Final = 2
"""Of a line of JSON: counted up where a program that reads the lines would have to change."""
STDIN: Final = "-"
SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
"""What is taken from a folder; a file named by itself is always tried."""
KEYS: Final = (
    "format", "file", "file_base64", "status", "reason", "sentence", "exercise", "exercise_probabilities",
    "reference", "palsy_probability", "palsy_verdict", "weak_side", "grade", "grade_probabilities", "zones", "symmetry",
    "quality", "milliseconds", "release",
)  # fmt: skip
"""The keys of one line of JSON, in their order; `file_base64` has the bytes of a name that is no UTF-8."""
_OF_THE_FINDINGS: Final = KEYS[6:]
_OF_FILES: Final = {
    "file_missing": "There is no such file.",
    "file_unreadable": "The file may not be read by this account.",
    "folder_unreadable": "The folder may not be read by this account: what is in it was not analysed.",
    "not_a_file": "This is no file but a pipe, a socket or a device. Give “-” to read a photo from standard input.",
}


@dataclass(slots=True)
class NamedFiles:
    """What was named on the command line: the photos, and the folders that could not be looked into."""

    files: list[Path | str] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)


def search(names: Iterable[str | Path]) -> NamedFiles:
    """The files named, and the photos in the folders named and below, sorted; hidden ones are left out."""
    found = NamedFiles()
    for name in names:
        path = Path(name)
        if name == STDIN:
            found.files.append(STDIN)
        elif _is_folder(path):
            found.files += sorted(_inside(path, found.unreadable))
        else:
            found.files.append(path)
    found.files = list(dict.fromkeys(found.files))
    return found


def photos(paths: Iterable[Path]) -> list[Path | str]:
    """The files of `search`."""
    return search(paths).files


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _inside(folder: Path, unreadable: list[Path]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        unreadable.append(Path(os.fsdecode(error.filename)))

    for root, folders, files in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(root, name)
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES and path.is_file():
                yield path


@contextmanager
def hushed() -> Iterator[None]:
    """Native libraries write to the error stream past Python; for a while what they write goes nowhere."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def analyse_all(
    analyser: Analyser, found: NamedFiles, *, rest: Path | None = None, chatter: bool = False
) -> Iterator[dict[str, Any]]:
    """One row with `KEYS` for each file and each folder that can't be read; one that fails does not stop the others.

    rest: a photo of the same person at rest, beside which all others are judged, and which is judged by itself.
    chatter: whether what native libraries say is shown.
    """
    for folder in found.unreadable:
        yield _failed(folder, "folder_unreadable", analyser.release.name) | {"milliseconds": 0.0}
    quiet = nullcontext if chatter else hushed
    for file in found.files:
        start = time.perf_counter()
        beside = None if rest is None or _same(file, rest) else rest
        row = _analysed(analyser, file, quiet(), beside)
        row["milliseconds"] = round(1000 * (time.perf_counter() - start), 1)
        yield row


def _same(file: Path | str, rest: Path) -> bool:
    try:
        return file != STDIN and Path(file).samefile(rest)
    except (OSError, ValueError):
        return False


def _analysed(
    analyser: Analyser, file: Path | str, quiet: AbstractContextManager[None], rest: Path | None
) -> dict[str, Any]:
    release = analyser.release.name
    if code := _wrong_with(file):
        return _failed(file, code, release)
    try:
        source = sys.stdin.buffer.read() if file == STDIN else file
        with quiet:
            findings = analyser.analyse(source) if rest is None else analyser.analyse(source, rest)
        return _row(file, findings, _said(findings))
    except PipelineError as error:
        return _failed(file, error.code, release)
    except MemoryError:
        return _failed(file, "out_of_memory", release)
    except Exception:
        logger.exception("A photo stopped the pipeline")
        return _failed(file, "internal", release)


def _wrong_with(file: Path | str) -> str:
    """Why the file is not opened at all: opening a pipe would wait for somebody who writes into it."""
    if file == STDIN:
        return ""
    try:
        mode = Path(file).stat().st_mode
    except PermissionError:
        return "file_unreadable"
    except (OSError, ValueError):
        return "file_missing"
    if not stat.S_ISREG(mode):
        return "not_a_file"
    return "" if os.access(file, os.R_OK) else "file_unreadable"


def _said(findings: Findings) -> str:
    """The result in the words of the pages."""
    if findings.reason:
        return _sentence_of(findings.reason)
    made = from_analysis(Analysis(**result_columns(findings=findings)), asked=findings.exercise or "")
    return str(model_finding(made))


def _sentence_of(code: str) -> str:
    if code in _OF_FILES:
        return _OF_FILES[code]
    reason = explain(code)
    return f"{reason.sentence} {reason.action}".strip()


def _row(file: Path | str, findings: Findings, sentence: str) -> dict[str, Any]:
    values = findings.as_dict()
    raw = os.fsencode(file)
    name = raw.decode("utf-8", "backslashreplace")
    return {
        "format": FORMAT,
        "file": name,
        "file_base64": None if name.encode() == raw else base64.b64encode(raw).decode(),
        "status": findings.state,
        "reason": findings.reason,
        "sentence": sentence,
    } | {key: values[key] for key in _OF_THE_FINDINGS}


def _failed(file: Path | str, code: str, release: str) -> dict[str, Any]:
    failed = Findings(state="rejected", reason=code, release=release)
    return _row(file, failed, _sentence_of(code)) | {"status": AnalysisState.FAILED.value}
