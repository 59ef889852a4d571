"""What a log line may say: words of the program's own code, numbers, and identifiers. Nothing else gets through.

A list of forbidden words can't know the next patient's name. So it is the other way round: a message counts only if
it stands as a literal in the code that logged it, a value only if it is a number, an identifier, or a word that the
code itself uses. Whatever came from a person, a file, a request or a row is none of these.
"""

from __future__ import annotations

import http.client
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, Final

WITHHELD: Final = "[withheld]"
ROOT: Final = Path(__file__).resolve().parents[2]
# Made-up people stand there as literals.
NO_WORDS: Final = ("clinic/demo/", "clinic/api/example", "/migrations/")
CODE: Final = re.compile(r"[a-z][a-z0-9]*(?:[_.:/-][a-z0-9_]+)*")
LITERAL: Final = re.compile(f"[\"']({CODE.pattern})[\"']")
UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
SERVER: Final = re.compile(r"(?:https?|redis)://(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}(?:/\d{0,2})?")
SPOKEN: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PHRASES: Final = frozenset(http.client.responses.values())
# Libraries keep some of their messages as constants of a module rather than where they log.
LIBRARIES: Final = ("celery.", "kombu.", "gunicorn.", "django.")
# A message is a literal of the function that logs it, or of one that calls a wrapper.
PIPE: Final = ("logging", "clinic.common.logs", "clinic.common.scrub")
WRAPPERS: Final = 5
CAUSES: Final = 4
PLACES: Final = 12


def message(template: object, arguments: Any) -> str | None:
    """The message with what may be said of its arguments; None where it is no literal of the code that logs it.

    To be called while the caller's frames are on the stack, as a handler that writes at once does.
    """
    if not isinstance(template, str):
        return type(template).__name__ if isinstance(template, BaseException) else None
    if template in PHRASES:
        return template
    if not is_literal(template, _callers()):
        return None
    if not arguments:
        return template
    try:
        if isinstance(arguments, Mapping):
            return template % {key: value(item) for key, item in arguments.items()}
        return template % tuple(value(item) for item in arguments)
    except (TypeError, ValueError, KeyError):
        # “%d” of something that was withheld.
        return template


def value(item: object) -> Any:
    """What may be said of a value: itself if it is a number, an identifier or the code's own word."""
    if item is None or isinstance(item, bool | int | float):
        return item
    if isinstance(item, uuid.UUID):
        return str(item)
    if isinstance(item, str):
        return str(item) if says_nothing(item) else WITHHELD
    if isinstance(item, list | tuple | set | frozenset):
        return [value(part) for part in list(item)[:20]]
    if isinstance(item, type):
        return item.__qualname__
    return type(item).__qualname__


def says_nothing(text: str) -> bool:
    """Whether each word of the text is an identifier or one that the code itself uses."""
    return text in PHRASES or all(_is_word(part.strip("'\"`,;:()[]")) for part in text.split())


def _is_word(word: str) -> bool:
    return (
        not word
        or word in SPOKEN
        or UUID.fullmatch(word.lower()) is not None
        or SERVER.fullmatch(word) is not None
        or (CODE.fullmatch(word) is not None and (word in words() or word in sys.modules))
        or word in _errors()
    )


@lru_cache(maxsize=1)
def words() -> frozenset[str]:
    """The codes that stand as literals in the product's own code: reasons, states, tasks, kinds, fields."""
    found: set[str] = set()
    for folder in ("clinic", "inference"):
        for path in (ROOT / folder).rglob("*.py"):
            if not any(part in path.as_posix() for part in NO_WORDS):
                found.update(_literals(path))
    return frozenset(found)


def _literals(path: Path) -> list[str]:
    # Not parsed: a first line must not wait for a second of syntax trees.
    try:
        return LITERAL.findall(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []


_error_names: set[str] = set()


def _errors() -> set[str]:
    """The names of all classes of errors that are loaded, looked up anew while there are few."""
    if not _error_names or len(_error_names) < len(BaseException.__subclasses__()):
        waiting: list[type] = [BaseException]
        while waiting:
            kind = waiting.pop()
            _error_names.add(kind.__name__)
            waiting.extend(type.__subclasses__(kind))
    return _error_names


def is_literal(text: str, frames: Iterator[FrameType]) -> bool:
    """Whether the text stands in the code of one of these frames, word for word."""
    for frame in frames:
        if _holds(frame.f_code, text):
            return True
        module = frame.f_globals.get("__name__", "")
        if module.startswith(LIBRARIES) and any(text is known for known in frame.f_globals.values()):
            return True
    return False


def _holds(code: CodeType, text: str) -> bool:
    return any(isinstance(constant, str) and constant == text for constant in code.co_consts)


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in PIPE:
        frame = frame.f_back
    for _ in range(WRAPPERS):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


def error(exc: BaseException) -> dict[str, Any]:
    """An exception by type, place and what may be said of its text, with those that led to it."""
    return _error(exc, CAUSES)


def _error(exc: BaseException, depth: int) -> dict[str, Any]:
    kind = type(exc)
    found: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    text = _text_of(exc)
    if text:
        found["message"] = text
    found.update(_particulars(exc))
    if exc.__traceback__ is not None:
        found["at"] = places(exc.__traceback__)
    before = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    if before is not None and depth:
        found["after"] = _error(before, depth - 1)
    return found


def _text_of(exc: BaseException) -> str:
    """The exception's text if the code that raised it holds it word for word."""
    try:
        text = str(exc)
    except Exception:  # noqa: BLE001  # an exception that can't be printed
        return ""
    if not text:
        return ""
    return text if is_literal(text, _frames_of(exc.__traceback__)) else WITHHELD


def _frames_of(traceback: TracebackType | None) -> Iterator[FrameType]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _particulars(exc: BaseException) -> dict[str, Any]:
    """What is known of it in codes: the database's names of things, the system's number, our own reason."""
    found: dict[str, Any] = {}
    # PostgreSQL's text quotes the row; the names of table, column and constraint are the schema's.
    diag = getattr(exc, "diag", None)
    for name in ("sqlstate", "table_name", "column_name", "constraint_name"):
        known = getattr(diag, name, None)
        if isinstance(known, str) and re.fullmatch(r"\w{1,64}", known):
            found[name] = known
    if isinstance(exc, OSError) and exc.errno is not None:
        found["errno"] = exc.errno
    code = getattr(exc, "code", None)
    if isinstance(code, int) or (isinstance(code, str) and code and says_nothing(code)):
        found["code"] = code
    return found


def places(traceback: TracebackType | None) -> list[str]:
    """Where it happened, outermost first: file, line, function; no source and no values."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append(f"{_short(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return found if len(found) <= PLACES else [*found[:2], "…", *found[-PLACES + 2 :]]


def place(path: str, line: int) -> str:
    """File and line, as short as they still name one place."""
    return f"{_short(path)}:{line}"


def _short(path: str) -> str:
    if "site-packages/" in path:
        return path.rpartition("site-packages/")[2]
    try:
        return Path(path).relative_to(ROOT).as_posix()
    except ValueError:
        return Path(path).name
