"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from .figures import House

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_EXEMPTIONS = 30
EXEMPTION = re.compile(r"# type: ignore\[[a-z-]+\]  # \w+")
"""Of type checking: what is exempt, and why."""
# Beat's scheduler asks its parent class, and sends nothing past it.
MAY_PUBLISH = {"clinic/common/broker.py", "clinic/operations/scheduler.py"}
PUBLISHING = {"delay", "apply_async", "send_task"}
# In two parts, so that this file holds none of them.
REGISTRIES = [f"{name}.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


PRODUCT = sources("clinic", "inference")
ALL = [*PRODUCT, *sources("ml_training", "tests", "docs")]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_are_short_enough_to_read():
    lengths = {name(path): len(path.read_text().splitlines()) for path in ALL}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short_enough_to_read():
    long = {}
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{name(path)}:{node.name}"] = length
    assert long == {}


def test_types_are_checked_everywhere_and_each_exemption_has_its_reason():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["files"] == ["clinic", "inference", "ml_training"]
    assert settings["warn_unused_ignores"] and settings["disallow_untyped_defs"]
    assert not [one for one in settings.get("overrides", []) if one.get("ignore_errors")]
    exempt = [
        (name(path), line.strip())
        for path in [*PRODUCT, *sources("ml_training")]
        for line in path.read_text().splitlines()
        if "# type: " + "ignore" in line
    ]
    assert [one for one in exempt if not EXEMPTION.search(one[1])] == []
    assert len(exempt) <= MOST_EXEMPTIONS


def test_one_module_puts_messages_on_a_queue():
    found = []
    for path in PRODUCT:
        if name(path) in MAY_PUBLISH:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in PUBLISHING
            ):
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("module", ["services", "selectors"])
def test_services_and_selectors_take_named_arguments_only(module):
    found = []
    for path in PRODUCT:
        if path.stem != module:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
                if positional:
                    found.append(f"{name(path)}:{node.name}({', '.join(positional)})")
    assert found == []


def test_models_do_no_work_when_saved():
    found = []
    for path in PRODUCT:
        if path.stem == "models":
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.FunctionDef)
                    and node.name in ("save", "delete")
                    and len(node.body) > 3
                ):
                    found.append(f"{name(path)}:{node.name}")
    assert found == []


def test_templates_hold_no_inline_script_and_no_inline_style():
    found = []
    inline = re.compile(
        r"<script(?![^>]*(?:\bsrc=|type=[\"']application/json))[^>]*>|<style|\sstyle=|\son[a-z]+=[\"']"
    )
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
        found += [f"{name(path)}: {match.group()}" for match in inline.finditer(text)]
    assert found == []


def test_committed_files_name_no_package_registry():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    paths = [ROOT / line for line in listed.split("\0") if line]
    found = []
    for path in paths:
        if not path.is_file() or path.stat().st_size > 2_000_000 or "vendor" in path.parts:
            continue
        text = path.read_bytes().decode(errors="ignore")
        found += [f"{name(path)}: {host}" for host in REGISTRIES if host in text]
    assert found == []


PLACES = ("", "docker", "ml_training", "tests")
LOCKS = [name(path) for place in PLACES for path in (ROOT / place).glob("*requirements.txt")]


def test_locks_agree_with_each_other():
    assert len(LOCKS) >= 6
    pins: dict[str, set[str]] = {}
    for lock in LOCKS:
        for package, version in re.findall(
            r"^([a-z0-9._-]+)==([^ \\]+)", (ROOT / lock).read_text(), re.MULTILINE
        ):
            pins.setdefault(package, set()).add(version)
    assert {package: versions for package, versions in pins.items() if len(versions) > 1} == {}
    assert "mediapipe" not in pins


def test_every_locked_package_has_hashes():
    for lock in LOCKS:
        blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text())
        assert [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def test_one_module_writes_tables_for_spreadsheets():
    """It knows all beginnings that a spreadsheet takes for a formula; a second writer would know fewer."""
    found = [name(path) for path in PRODUCT if re.search(r"^\s*(import|from) csv\b", path.read_text(), re.M)]
    assert found == ["clinic/common/sheets.py"]


# An application gets ready; a child limits itself first; OpenCV and LiteRT stay out of the web process.
MAY_IMPORT_LATE = re.compile(
    r"clinic/\w+/apps\.py|clinic/visits/decoding_child\.py|inference/pipeline/analyser\.py"
)


def test_no_own_import_stands_inside_a_function() -> None:
    assert [one for one in House(ROOT).hidden_imports() if not MAY_IMPORT_LATE.match(one)] == []


def test_no_class_shares_its_name_with_another() -> None:
    assert House(ROOT).twice() == {}


def test_every_room_has_its_layer() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    named = {room for layer in layers for room in layer.split(" | ")}
    rooms = {f"clinic.{path.parent.name}" for path in (ROOT / "clinic").glob("*/__init__.py")}
    # The dates' formats of a language, which Django reads.
    assert named == rooms - {"clinic.formats"} | {"inference", "ml_training"}
