"""`make coverage` counts what the suite runs, in its child processes too, and asks 90 % of the whole suite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import covered

ROOT = Path(__file__).resolve().parents[2]


def summary(lines: int, branches: int) -> dict[str, dict[str, int]]:
    counts = {"covered_lines": lines, "num_statements": 100, "covered_branches": branches, "num_branches": 40}
    return {"summary": counts}


@pytest.mark.parametrize(("branches", "whole", "status"), [(36, True, 0), (20, True, 1), (20, False, 0)])
def test_the_whole_suite_is_asked_for_its_share(capsys, branches, whole, status):
    files = {
        "clinic/visits/intake.py": summary(90, branches),
        "clinic/visits/views/photo.py": summary(90, branches),
        "inference/jobs/states.py": summary(90, branches),
        "inference/pipeline/decode.py": summary(90, branches),
    }
    assert covered.judge(files, whole=whole) == status
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows[1:5]] == [
        "clinic/visits",
        "inference",
        "inference/pipeline",
        "all",
    ]
    assert rows[1].split()[1:4] == ["90.0", "%", "200"]


def test_a_run_counts_its_child_processes_too(tmp_path):
    """A test that itself runs nothing of the product, beside a child in another folder that does."""
    test = tmp_path / "test_child.py"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import clinic.common.spans"
    test.write_text(
        "import subprocess, sys\n"
        "def test_it():\n"
        f"    subprocess.run([sys.executable, '-c', {code!r}], cwd='/', check=True)\n"
    )
    kept = (ROOT / ".coverage").read_bytes() if (ROOT / ".coverage").exists() else None
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.covered",
            "-q",
            "--rootdir",
            str(tmp_path),
            "-c",
            "/dev/null",
            str(test),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if kept is not None:
        (ROOT / ".coverage").write_bytes(kept)
    assert run.returncode == 0, run.stdout + run.stderr
    [common] = re.findall(r"^clinic/common +([\d.]+) %", run.stdout, re.MULTILINE)
    assert 0 < float(common) < 50
    assert "A part of the suite ran" in run.stdout
