"""Takes out of an image's packages what no process of ours needs; each line of OMITTED says why.

Usage, in an image's build: python slim.py SITE-PACKAGES web | worker. docker/imports.py, the build's last step, imports
all that is ours from what is left and fails where something is missing; tests/running/test_slim.py compares what a
process opens.
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
    "PIL/_imagingft.*.so": "draws text; nothing here does",
    "PIL/_imagingtk.*.so": "shows pictures on a desktop",
    "pillow.libs/libfreetype-*": "what draws text is linked with",
    "pillow.libs/libharfbuzz-*": "as above",
    "pillow.libs/libpng16-*": "as above",
    "pillow.libs/libbrotli*": "as above",
    "django/contrib/admin/static/": "Django's own administration is not installed",
    "drf_spectacular_sidecar/static/**/*.map": "for whoever mends Swagger UI",
    "brotli*": "packed fonts and answers of the web; nothing here reads either",
    "_brotli*": "as above",
    "zopfli": "packs fonts for the web",
    "pyphen/dictionaries/*.dic": "where words of other languages may break",
    "fontTools/**/*.so": "a faster form of what is there in Python too",
    "fontTools/**/*.c": "for compilers",
    "fontTools/ufoLib": "for whoever draws fonts",
    "fontTools/voltLib": "as above",
    "fontTools/mtiLib": "as above",
    "fontTools/qu2cu": "as above",
    "fontTools/merge": "as above",
    "fontTools/svgLib": "as above",
    "**/tests/": "the packages' own tests",
    "**/*.py[id]": "for type checkers",
    "**/*.pxd": "for compilers",
    "**/*.h": "for compilers",
    "**/*.a": "for compilers",
    "**/__pycache__/": "made anew by docker/imports.py, of what is imported",
}
"""Patterns below site-packages, a folder where they end with a slash, and the reason."""
OMITTED_OF: Final = {
    "web": {
        "click_repl": "celery's own prompt, which workers' commands import",
        "prompt_toolkit": "as above",
        "wcwidth": "as above",
    },
    "worker": {
        "weasyprint": "sets reports, which web processes do",
        "fontTools": "as above",
        "pydyf": "as above",
        "pyphen": "as above",
        "tinyhtml5": "as above",
        "tinycss2": "as above",
        "cssselect2": "as above",
        "webencodings": "as above",
    },
}
"""The same of one role alone."""
KEPT: Final = {
    "botocore/data/s3",
    "botocore/data/sts",
    "allauth/socialaccount/providers/base",
    "pyphen/dictionaries/hyph_en_US.dic",
    "pyphen/dictionaries/hyph_en_GB.dic",
    "pyphen/dictionaries/hyph_id_ID.dic",
}
"""What a pattern of OMITTED would take, and must not."""


def omitted(packages: Path, role: str) -> Iterator[Path]:
    """Files and folders to take out of that role's image; some lie within another."""
    for pattern in (*OMITTED, *OMITTED_OF[role]):
        for path in packages.glob(pattern.removesuffix("/")):
            if pattern.endswith("/") and not path.is_dir():
                continue
            if str(path.relative_to(packages)) not in KEPT:
                yield path
    for folder in packages.glob("**/locale"):
        for path in folder.iterdir():
            if path.is_dir() and path.name not in LANGUAGES and (path / "LC_MESSAGES").is_dir():
                yield path


def main(packages: Path, role: str) -> int:
    """Delete them; 1 where the folder isn't one of packages."""
    if not (packages / "django").is_dir():
        sys.stderr.write(f"{packages} holds no packages of ours\n")
        return 1
    for path in list(omitted(packages, role)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
