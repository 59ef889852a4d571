"""What docker/slim.py takes out of the images is nothing that a process imports, opens or loads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from . import shipped

PACKAGES = Path(sysconfig.get_paths()["purelib"]).resolve()
PHOTO = shipped.ROOT / "tests" / "people" / "t1-left-palsy-smile.jpg"
# Every file below site-packages that the process has opened, and every library that it holds.
WATCHED = """
import json, os, sys
opened = set()
sys.addaudithook(lambda event, given: opened.add(str(given[0])) if event == "open" else None)
sys.path.insert(0, "docker")
import imports
imports.main({role!r})
if {role!r} == "worker":
    from pathlib import Path
    from inference.pipeline import Analyser
    found = Analyser().analyse(Path({photo!r}))
    assert found.state == "succeeded", found
opened |= {{line.split()[-1] for line in open("/proc/self/maps")}}
opened |= {{module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}}
found = {{os.path.realpath(one) for one in opened if one.startswith("/")}}
print(json.dumps(sorted(one for one in found if one.startswith({packages!r}) and "__pycache__" not in one)))
"""


INSTEAD = re.compile(r"fontTools/(.+/)*\w+\.cpython-\S+\.so")
"""Compiled forms; the modules of the same names are in the packages."""


def test_what_a_compiled_form_is_missed_for_is_there_in_python() -> None:
    compiled = list((PACKAGES / "fontTools").glob("**/*.so"))
    assert compiled
    for one in compiled:
        assert one.with_name(one.name.partition(".")[0] + ".py").is_file()


def slimmed(packages: Path, role: str) -> None:
    done = subprocess.run(
        [sys.executable, shipped.DOCKER / "slim.py", packages, role],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("role", ["web", "worker"])
def test_all_that_a_process_opens_stays(role: str, tmp_path: Path) -> None:
    code = WATCHED.format(role=role, photo=str(PHOTO), packages=str(PACKAGES))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=shipped.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    used = [Path(one).relative_to(PACKAGES) for one in json.loads(done.stdout.splitlines()[-1])]
    assert len(used) > 1000
    names = {path.as_posix() for path in used}
    wanted = ["botocore/data/s3/", "django/conf/locale/id/LC_MESSAGES/django.mo"]
    wanted += ["ai_edge_litert/libLiteRt", "cv2/cv2"] if role == "worker" else ["gunicorn/", "weasyprint/"]
    for prefix in wanted:
        assert [name for name in names if name.startswith(prefix)], f"{prefix} was not watched"
    for path in used:
        copy = tmp_path / path
        if not copy.is_dir():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.touch()
    slimmed(tmp_path, role)
    gone = [path.as_posix() for path in used if not (tmp_path / path).exists()]
    # Imported by a .pth of setuptools, which goes with it; or there in Python too; or tried, and done without.
    spared = ("_distutils_hack/", "brotli", "_brotli", "PIL/_imagingft", "pillow.libs/")
    assert [name for name in gone if not name.startswith(spared) and not INSTEAD.fullmatch(name)] == []


def test_what_nobody_needs_goes(tmp_path: Path) -> None:
    gone = [
        "pip/__main__.py",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "django/conf/locale/de/LC_MESSAGES/django.mo",
        "numpy/_core/tests/test_numeric.py",
        "numpy/_core/include/numpy/ndarraytypes.h",
        "ml_dtypes/_ml_dtypes_ext.so",
        "cv2/data/haarcascade_eye.xml",
        "celery/__pycache__/app.pyc",
        "fontTools/misc/bezierTools.cpython-312-x86_64-linux-gnu.so",
        "pyphen/dictionaries/hyph_de_DE.dic",
    ]
    kept = [
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/endpoints.json",
        "django/conf/locale/id/LC_MESSAGES/django.mo",
        "django/conf/locale/__init__.py",
        "django/test/client.py",
        "cv2/data/__init__.py",
        "fontTools/misc/bezierTools.py",
        "pyphen/dictionaries/hyph_id_ID.dic",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    slimmed(tmp_path, "web")
    assert [name for name in gone if (tmp_path / name).exists()] == []
    assert [name for name in kept if not (tmp_path / name).exists()] == []


def test_a_folder_that_holds_no_packages_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    done = subprocess.run(
        [sys.executable, shipped.DOCKER / "slim.py", tmp_path, "web"], capture_output=True, check=False
    )
    assert done.returncode == 1 and (tmp_path / "pip").is_dir()


@pytest.mark.parametrize("path", [*shipped.DOCKERFILES.values()], ids=lambda path: path.name)
def test_each_image_is_slimmed_and_looked_at(path: Path) -> None:
    role = path.name.partition(".")[0]
    text = path.read_text()
    assert "--no-compile" in text and f"/slim.py /venv/lib/python3*/site-packages {role}" in text
    [last] = [rest for word, rest in shipped.dockerfile(path) if word == "RUN" and "imports.py" in rest]
    assert last.endswith(f'PYTHONDONTWRITEBYTECODE="" python docker/imports.py {role}')
