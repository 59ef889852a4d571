"""Takes out of an image's packages what no process of ours needs; each line of OMITTED says why.

Usage, in an image's build: python slim.py SITE-PACKAGES. docker/imports.py, the build's last step, imports all that is
ours from what is left and fails where something is missing; tests/running/test_slim.py compares what a process opens.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LANGUAGES: Final = {"en", "en_US", "id"}
"""Those of the pages; packages bring some ninety more."""
OMITTED: Final = {
    "pip": "nothing is installed into an image",
    "setuptools": "as above",
    "pkg_resources": "as above",
    "_distutils_hack": "as above",
    "distutils-precedence.pth": "as above",
    "botocore/data/*/": "how four hundred services are spoken to; two are",
    "drf_spectacular_sidecar/static/drf_spectacular_sidecar/redoc": "the API's page is Swagger UI",
    "allauth/socialaccount/providers/*/": "nobody logs in by another site",
    "ml_dtypes": "kinds of numbers that only a converter of models needs",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so": "models run on the processor",
    "ai_edge_litert/vendors": "as above",
    "ai_edge_litert/tools": "prepare models for such accelerators",
    "ai_edge_litert/aot": "as above",
    "cv2/data/*.xml": "cascades; faces are found by our own models",
    "numpy/f2py": "a compiler's front end",
    "**/tests/": "the packages' own tests",
    "**/*.py[id]": "for type checkers",
    "**/*.pxd": "for compilers",
    "**/*.h": "for compilers",
    "**/*.a": "for compilers",
    "**/__pycache__/": "made anew by docker/imports.py, of what is imported",
}
"""Patterns below site-packages, a folder where they end with a slash, and the reason."""
KEPT: Final = {"botocore/data/s3", "botocore/data/sts", "allauth/socialaccount/providers/base"}
"""What a pattern of OMITTED would take, and must not."""


def omitted(packages: Path) -> Iterator[Path]:
    """Files and folders to take out; some lie within another."""
    for pattern in OMITTED:
        for path in packages.glob(pattern.removesuffix("/")):
            if pattern.endswith("/") and not path.is_dir():
                continue
            if str(path.relative_to(packages)) not in KEPT:
                yield path
    for folder in packages.glob("**/locale"):
        for path in folder.iterdir():
            if path.is_dir() and path.name not in LANGUAGES and (path / "LC_MESSAGES").is_dir():
                yield path


def main(packages: Path) -> int:
    """Delete them; 1 where the folder isn't one of packages."""
    if not (packages / "django").is_dir():
        sys.stderr.write(f"{packages} holds no packages of ours\n")
        return 1
    for path in list(omitted(packages)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
