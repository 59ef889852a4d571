"""Imports all that an image's processes may import: what is missing ends the build, what is there gets its byte code.

Usage, as the last step of an image's build: python docker/imports.py web | worker. Byte code can't be written later on,
since the root file system is read-only; of what nobody imports there is none.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
from pathlib import Path
from typing import Final

# The settings want to be told; nobody is spoken to.
SETTINGS: Final = {
    "DJANGO_SETTINGS_MODULE": "clinic.config.settings.production",
    "RISORIUS_SECRET_KEY": "only-while-an-image-is-built-0123456789-abcdefghijklmnopqrstuvwxyz",
    "RISORIUS_ALLOWED_HOSTS": "localhost",
    "RISORIUS_DATABASE_URL": "postgres://nobody@localhost:1/none",
    "RISORIUS_BROKER_URL": "redis://localhost:1/0",
}
# What begins without the web server or a worker: the demo on a laptop, and what other settings are for.
LEFT_OUT: Final = ("clinic.start", "clinic.demo", "clinic.config.settings", "clinic.config.urls_dev")
PICTURES: Final = "inference.pipeline."
"""The modules below look into pictures; the web image has no library for it."""
OF_ROLE: Final = {
    "web": ("gunicorn.app.wsgiapp", "clinic.config.wsgi", "weasyprint"),
    "worker": ("celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "celery.concurrency.prefork"),
}
# What Django and others import by a name in a setting or an argument.
BY_NAME: Final = (
    "django.core.management.commands.check",
    "django.core.management.commands.migrate",
    "django.core.management.commands.shell",
    "django.contrib.staticfiles.management.commands.collectstatic",
    "kombu.transport.redis",
    "celery.fixups.django",
    "celery.loaders.app",
    "celery.app.log",
)


def ours(role: str) -> list[str]:
    """The names of our modules that this role may import."""
    found = []
    for name in ("clinic", "inference"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=_refuse):
            left_out = module.name.startswith(LEFT_OUT) or (
                role == "web" and module.name.startswith(PICTURES)
            )
            if not left_out:
                found.append(module.name)
    return found


def _refuse(name: str) -> None:
    raise ImportError(f"{name} can't be imported")


def main(role: str) -> int:
    """Import, set up, resolve; and let a worker look at a picture of nobody."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update({**SETTINGS, "RISORIUS_VAR_DIR": folder})
        import django

        django.setup()
        for name in (*OF_ROLE[role], *BY_NAME, *ours(role)):
            importlib.import_module(name)
        _look_everywhere()
        if role == "worker":
            _analyse()
        else:
            _report()
    return 0


def _look_everywhere() -> None:
    """What is imported at the first request, migration, query, message or file."""
    import boto3
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.template import engines
    from django.urls import get_resolver
    from django.utils.translation import override

    from clinic.config.celery import app

    get_resolver().url_patterns  # noqa: B018  imports the views
    MigrationLoader(None)
    connection.ops.compiler("SQLCompiler")
    app.loader.import_default_modules()
    app.connection_for_write().transport_cls  # noqa: B018
    boto3.client("s3", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")
    for language in ("en", "id"):
        with override(language):
            engines["django"].from_string("{% load i18n static %}{{ 1.5 }}").render()


def _report() -> None:
    """What is imported when a document is set, and whether it can be."""
    from clinic.report.rendering import Document, Picture, pdf

    square = Picture(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "image/svg+xml")
    html = "<html lang='en'><title>x</title><p>\u0141\u014d</p><img src='given:square' alt='x'></html>"
    pdf(Document(html, "", {"square": square}))


def _analyse() -> None:
    import numpy as np

    from inference.pipeline import Analyser

    Analyser().analyse(np.full((600, 480, 3), 127, np.uint8))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
