"""Who may do what: views ask, services write, selectors read, logs name nobody."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_rules import PRODUCT, name

WRITING = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "aupdate",
    "asave",
}
# What tells who a patient is, or what somebody wrote about them.
PRIVATE = {
    "full_name",
    "email",
    "phone",
    "birth_date",
    "record_number",
    "notes",
    "note",
    "impression",
    "comment",
    "languages",
}
PEOPLE = {"patient", "user", "upload", "file"}
LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log"}


def layer(*words: str) -> list[Path]:
    """The modules of one layer: `views`, `services_filing` and everything in a folder `views` alike."""
    found = []
    for path in PRODUCT:
        parts = (*path.parts[:-1], path.stem)
        if any(part == word or part.startswith(f"{word}_") for part in parts for word in words):
            found.append(path)
    return found


def calls(path: Path) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """Every call of a method in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func


def is_manager(node: ast.expr) -> bool:
    """Whether the expression starts at some `Model.objects`."""
    while True:
        if isinstance(node, ast.Attribute):
            if node.attr == "objects":
                return True
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return False


def test_layers_are_found():
    assert len(layer("views")) > 10
    assert len(layer("selectors")) > 3
    assert layer("serializers")
    assert layer("tasks")


@pytest.mark.parametrize(
    "word", ["selectors", "views", "serializers", "tasks", "reading", "history", "filters"]
)
def test_only_services_write(word):
    found = [
        f"{name(path)}:{call.lineno} .{method.attr}()"
        for path in layer(word)
        for call, method in calls(path)
        if method.attr in WRITING and is_manager(method.value)
    ]
    assert found == []


def test_pages_find_records_among_those_that_the_user_may_see():
    """A record named by an address is looked up through `visible_to`; one already found may be read again."""
    found = []
    for path in layer("views"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and looks_up_anything(node):
                found.append(f"{name(path)}:{node.lineno} {ast.unparse(node)}")
    assert found == []


def looks_up_anything(call: ast.Call) -> bool:
    """Whether the call finds a record among all there are, by something that came with the request."""
    if "visible_to" in ast.unparse(call):
        return False
    if isinstance(call.func, ast.Name) and call.func.id == "get_object_or_404":
        place = call.args[0]
        return is_manager(place) or (isinstance(place, ast.Name) and place.id[0].isupper())
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "first", "last"):
        again = all(isinstance(keyword.value, ast.Attribute) for keyword in call.keywords)
        return is_manager(call.func.value) and not (call.keywords and again)
    return False


def test_log_lines_name_nobody():
    found = []
    for path in PRODUCT:
        for call, method in calls(path):
            if method.attr in LOGGING and isinstance(method.value, ast.Name) and method.value.id == "logger":
                for part in ast.walk(call):
                    if isinstance(part, ast.Attribute) and tells_who(part):
                        found.append(f"{name(path)}:{part.lineno} {ast.unparse(part)}")
    assert found == []


def tells_who(node: ast.Attribute) -> bool:
    if node.attr == "name":
        return ast.unparse(node.value).rpartition(".")[2] in PEOPLE
    return node.attr in PRIVATE


# What a release stores is read by its keys in one place, which knows what they mean together.
STORED = {
    "palsy_verdict",
    "palsy_probability",
    "exercise_probabilities",
    "grade_probabilities",
    "weak_side_probabilities",
    "warnings",
}
# The command line prints what the pipeline has just answered, which nobody stored.
MAY_READ_STORED = {"inference/finding.py", "inference/management/commands/analyse_photos.py"}


def reads_stored_findings(tree: ast.AST) -> Iterator[ast.AST]:
    """Every look at a stored finding by the name of its key: in Python, or in a query."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith("findings__") or "__findings__" in node.value:
                yield node
        elif isinstance(node, ast.keyword) and "findings__" in (node.arg or "").removesuffix("__isnull"):
            yield node.value
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if isinstance(node.slice, ast.Constant) and node.slice.value in STORED:
                yield node
        elif isinstance(node, ast.Call):
            named = ast.unparse(node.func)
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            looks_up = named.endswith(("KeyTextTransform", "KeyTransform", "KT"))
            if looks_up or (named.endswith((".get", ".pop")) and first in STORED):
                yield node


def test_stored_findings_are_read_in_one_place():
    found = []
    for path in PRODUCT:
        if name(path) in MAY_READ_STORED or name(path).startswith("inference/pipeline/"):
            continue
        for node in reads_stored_findings(ast.parse(path.read_text())):
            found.append(f"{name(path)}:{node.lineno} {ast.unparse(node)}")  # type: ignore[attr-defined]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'rows.values("findings__palsy_verdict")',
        'Q(analysis__findings__palsy_verdict="weak")',
        'KeyTextTransform("verdict", "findings")',
        'stored["grade_probabilities"]',
        '(stored or {}).get("palsy_verdict")',
    ],
)
def test_a_look_at_a_stored_finding_is_seen(source):
    assert list(reads_stored_findings(ast.parse(source)))
