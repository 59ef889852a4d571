"""What our own code never does, read from its sources: run text as code, parse XML, hash weakly, call out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sorted(
    path
    for folder in ("clinic", "inference", "docker")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# Modules that turn bytes into objects or code, and parsers of XML, which can be led to files and addresses.
NEVER_IMPORTED = {
    *("pickle", "marshal", "shelve", "dill", "joblib", "yaml", "code"),
    *("xml", "lxml", "defusedxml", "xmltodict", "bs4", "html5lib"),
    *("requests", "httpx", "aiohttp", "urllib3", "ftplib", "telnetlib", "ldap", "paramiko"),
}
CALLS_OUT = {"urllib.request", "http.client", "smtplib", "socket"}
CALLS_OUT |= {"boto3", "botocore.config", "botocore.exceptions", "storages.backends.s3"}
# Intervals by resampling, from a fixed seed: nobody's secret.
RESAMPLES = {"clinic/validation/acceptance.py"}
MAY_CALL_OUT = {
    # Where the settings alone say where to.
    "clinic/audit/heads.py",
    "clinic/store/bucket.py",
    # The demo's own ports on this computer, and what the doctor asks of the database and the broker.
    "clinic/start",
    "clinic/config",
    "clinic/operations/checks",
    "docker/health.py",
    # Looks whether an image holds what is imported, while it is built; speaks to nobody.
    "docker/imports.py",
    # Asks the registries for known holes, when somebody types make audit.
    "docker/audit.py",
    # Takes the phrases of the statuses from there, and no connection.
    "clinic/common/scrub.py",
}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def faults(source: str, where: str) -> list[str]:
    """What a module of ours does that none may."""
    tree = ast.parse(source)
    found = []
    for name in imports(tree):
        if name.split(".")[0] in NEVER_IMPORTED:
            found.append(f"imports {name}")
        if name in CALLS_OUT and not where.startswith(tuple(MAY_CALL_OUT)):
            found.append(f"calls out by {name}")
        if name == "random" and where not in RESAMPLES:
            found.append("draws lots by random")
    for name, call in calls(tree):
        options = {option.arg: ast.unparse(option.value) for option in call.keywords}
        last = name.rpartition(".")[2]
        if name in ("eval", "exec", "compile", "os.system", "os.popen", "__import__", "mark_safe"):
            found.append(f"calls {name}")
        if options.get("shell") == "True":
            found.append(f"{name} through a shell")
        if name in ("hashlib.md5", "hashlib.sha1") or (last == "new" and "ECB" in ast.unparse(call)):
            found.append(f"uses {name}")
        if last == "load" and name.startswith(("np.", "numpy.")) and options.get("allow_pickle") != "False":
            found.append(f"{name} may run what it loads")
        if last in ("RawSQL", "extra") and name != "self.extra":
            found.append(f"writes SQL by {name}")
    return found


def test_no_module_of_ours_does_what_none_may():
    assert len(PYTHON) > 100
    found = {place(path): faults(path.read_text(), place(path)) for path in PYTHON}
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from xml.etree import ElementTree",
        "from lxml import etree",
        "import requests",
        "from urllib.request import urlopen",
        "import boto3",
        "import random",
        "eval(text)",
        "subprocess.run(command, shell=True)",
        "hashlib.md5(b'')",
        "np.load(path)",
        "Patient.objects.extra(where=[text])",
        "mark_safe(text)",
    ],
)
def test_each_of_these_would_be_found(source):
    assert faults(source, "clinic/patients/views/patient.py")


def test_no_script_of_ours_runs_text_as_code_or_as_markup():
    dangerous = re.compile(
        r"\beval\(|new Function|document\.write|\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|"
        r"set(?:Timeout|Interval)\(\s*[\"']"
    )
    assert SCRIPTS
    found = {place(path): dangerous.findall(path.read_text()) for path in SCRIPTS}
    assert {where: what for where, what in found.items() if what} == {}


def test_no_template_lets_markup_through_but_django_s_own_help():
    found = {place(path) for path in TEMPLATES if re.search(r"\|\s*safe\b|autoescape off", path.read_text())}
    assert found <= {"templates/inc/field_notes.html"}
    assert "field.help_text|safe" in (ROOT / "templates/inc/field_notes.html").read_text()
