"""The demo on one machine: SQLite, Celery's filesystem broker, everything under var/."""

from .base import *  # noqa: F403
from .base import STORAGES, VAR_DIR, env

DEMO = True

_secret_file = VAR_DIR / "secret_key"
SECRET_KEY = env.str("RISORIUS_SECRET_KEY", default="") or (
    _secret_file.read_text().strip() if _secret_file.is_file() else ""
)
ALLOWED_HOSTS = env.list("RISORIUS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "risorius.sqlite3",
        # Opening the file anew for each photo costs the worker a tenth of its speed.
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
    }
}

_broker = VAR_DIR / "broker"
CELERY_BROKER_URL = "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "data_folder_in": str(_broker / "queue"),
    "data_folder_out": str(_broker / "queue"),
    "control_folder": str(_broker / "control"),
    "store_processed": False,
    # The default of one second caps the demo at two photos a second.
    "polling_interval": 0.02,
}
# A broker of files is asked, and does not tell: the next photos lie ready, or each child would wait for the
# next look. Whatever a killed worker had lying there, the watchdog publishes again.
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
# And they lie in the children's pipe: a child that is done need not wait until the main process has noticed.
CELERY_WORKER_POOL_PUTLOCKS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
