"""`make audit`: known holes in the locked Python packages, in the copied files from npm, and in the images.

Each is asked of whoever knows; what could not be asked, for want of a network or of a program, is said by name, and the
exit status is then 3. It is 1 where a hole is known, 0 where all were asked and none is.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LOCKS = (
    "requirements.txt",
    "docker/web-requirements.txt",
    "ml_training/requirements.txt",
    "tests/requirements.txt",
    "tests/lint-requirements.txt",
    "tests/dev-requirements.txt",
)
VENDOR = ROOT / "static" / "vendor" / "README.md"
OSV = "https://api.osv.dev/v1/query"
SECONDS = 20
ROW = re.compile(r"^\| `[\w-]+` \| `([\w.@/-]+)` \| ([\d.]+) \|", re.MULTILINE)
"""Of the table in static/vendor/README.md: the package and its version."""


@dataclass
class Report:
    """What was asked and found, and what could not be asked, each with its reason."""

    holes: list[str] = field(default_factory=list)
    clean: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    def say(self) -> int:
        """Print it; the exit status."""
        for title, lines in (
            ("No known hole", self.clean),
            ("Known holes", self.holes),
            ("Could not be asked", self.unasked),
        ):
            if lines:
                print(f"{title}:", *(f"  {line}" for line in lines), sep="\n")
        return 1 if self.holes else 3 if self.unasked else 0


def python_packages(report: Report, lock: str) -> None:
    """One locked list, with its hashes, through pip-audit."""
    program = Path(sys.executable).with_name("pip-audit")
    command = [str(program), "--requirement", lock, "--require-hashes", "--disable-pip", "--strict"]
    command += ["--progress-spinner", "off"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        report.unasked.append(f"{lock}: {error}")
        return
    told = (done.stderr.strip() or done.stdout.strip()).splitlines()
    if done.returncode == 0:
        report.clean.append(lock)
    elif "known vulnerabilit" in done.stderr:
        found = done.stdout.strip().splitlines()[2:]
        report.holes += [f"{lock}: {line}" for line in found or told[-1:]]
    else:
        report.unasked.append(f"{lock}: {told[-1] if told else 'pip-audit said nothing'}")


def vendored() -> list[tuple[str, str]]:
    """Packages whose files lie in static/vendor, each with its version."""
    return ROW.findall(VENDOR.read_text())


def npm_package(report: Report, name: str, version: str) -> None:
    """One of them, of the database of open source vulnerabilities."""
    question = {"package": {"ecosystem": "npm", "name": name}, "version": version}
    request = urllib.request.Request(OSV, json.dumps(question).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            found = json.load(answer).get("vulns", [])
    except (OSError, ValueError) as error:
        report.unasked.append(f"{name} {version} (npm): {getattr(error, 'reason', error)}")
        return
    if found:
        report.holes += [f"{name} {version}: {one['id']} {one.get('summary', '')}" for one in found]
    else:
        report.clean.append(f"{name} {version}")


def image(report: Report, name: str) -> None:
    """One image, through a scanner that is installed: what can be mended and is severe is a hole."""
    scanner = shutil.which("trivy")
    if scanner is None:
        report.unasked.append(f"{name} (image): there is no trivy on this machine")
        return
    command = [
        scanner,
        "image",
        "--quiet",
        "--ignore-unfixed",
        "--severity",
        "HIGH,CRITICAL",
        "--format",
        "json",
        name,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        results = json.loads(done.stdout)["Results"] if done.returncode == 0 else None
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        report.unasked.append(f"{name} (image): {error}")
        return
    if results is None:
        told = done.stderr.strip().splitlines()
        report.unasked.append(f"{name} (image): {told[-1] if told else 'trivy said nothing'}")
        return
    found = [one for part in results for one in part.get("Vulnerabilities") or []]
    if found:
        report.holes += [
            f"{name}: {one['VulnerabilityID']} in {one['PkgName']}, mended in {one.get('FixedVersion', '?')}"
            for one in found
        ]
    else:
        report.clean.append(name)


def main() -> int:
    """Everything, and the exit status that says what came of it."""
    sys.path.insert(0, str(HERE))
    import images  # a script beside this one

    report = Report()
    for lock in LOCKS:
        python_packages(report, lock)
    for name, version in vendored():
        npm_package(report, name, version)
    pinned = images.locked()
    for name in sorted({str(one) for _path, one in images.references()}):
        digest = pinned.get(name, images.UNASKED)
        image(report, name if digest == images.UNASKED else f"{name}@{digest}")
        if digest == images.UNASKED:
            report.unasked.append(
                f"{name} (image): no digest is locked; run make images where there is docker"
            )
    return report.say()


if __name__ == "__main__":
    sys.exit(main())
