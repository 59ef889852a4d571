"""The suite: PostgreSQL and Redis that `make test` starts for itself, production's code path otherwise."""

import atexit
import shutil
import tempfile
from pathlib import Path

from . import photos
from .base import *  # noqa: F403
from .base import ANALYSIS_HARD_LIMIT, POSTGRES_OPTIONS, STORAGES, env

# Nobody needs a second factor unless a test says so.
REQUIRE_SECOND_FACTOR = False
# Photos lie plain unless a test says otherwise.
KEYS_DIR = MASTER_KEY = MASTER_KEY_FILE = ""
SECRET_KEY = "only-for-the-test-suite-0123456789-abcdefghijklmnopqrstuvwxyz"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
if given := env.str("RISORIUS_VAR_DIR", default=""):
    VAR_DIR = Path(given)
else:
    VAR_DIR = Path(tempfile.mkdtemp(prefix="risorius-test-"))
    atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)

DATABASES = {
    "default": env.db_url("RISORIUS_DATABASE_URL", default="postgres://risorius@127.0.0.1:5432/risorius")
}
if "postgresql" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = {"options": POSTGRES_OPTIONS}
CELERY_BROKER_URL = env.str("RISORIUS_BROKER_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 10 * ANALYSIS_HARD_LIMIT,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
# Argon2 is slow on purpose; hundreds of test users need not pay for it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "photos": photos.store(VAR_DIR / "test-photos"),
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# The suite asks more often than people do; tests of limits set their own.
RATES = {}
# Nobody answers in the suite, but where a test brings a worker.
QUICK_CHECK_WAIT = 0.3
