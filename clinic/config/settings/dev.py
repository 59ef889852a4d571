"""The demo for whoever works on Risorius, by `make dev` alone: pages for errors, the debug toolbar, whole log lines.

An error's page shows settings and records to whoever causes it. So these settings refuse to be those of anything that
others reach: without the word of `make dev` they can't be imported, nor beside a clinic's own database, queue or name,
and no image holds this file.
"""

from django.core.exceptions import ImproperlyConfigured

from .demo import *  # noqa: F403
from .demo import INSTALLED_APPS, LOGGING, MIDDLEWARE, env

if env.str("RISORIUS_DEVELOPMENT", default="") != "yes":
    raise ImproperlyConfigured("clinic.config.settings.dev belongs to `make dev`: production is another.")
_CLINICS_OWN = (
    "RISORIUS_DATABASE_URL",
    "RISORIUS_BROKER_URL",
    "RISORIUS_ALLOWED_HOSTS",
    "RISORIUS_TRUSTED_ORIGINS",
    "RISORIUS_PROXIES",
    "RISORIUS_S3_BUCKET",
    "RISORIUS_KEYS_DIR",
)
for _name in _CLINICS_OWN:
    if env.str(_name, default=""):
        raise ImproperlyConfigured(
            f"{_name} is a clinic's own; clinic.config.settings.dev is never used beside it."
        )

DEBUG = True
ROOT_URLCONF = "clinic.config.urls_dev"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
INTERNAL_IPS = ["127.0.0.1", "::1"]
INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]
# Within what compresses a page, so that it still reads it.
_within = MIDDLEWARE.index("clinic.common.compression.CompressionMiddleware") + 1
MIDDLEWARE = [
    *MIDDLEWARE[:_within],
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    *MIDDLEWARE[_within:],
]
# Parts of pages that htmx puts in leave the toolbar where it is.
DEBUG_TOOLBAR_CONFIG = {"ROOT_TAG_EXTRA_ATTRS": "hx-preserve"}
WHITENOISE_AUTOREFRESH = True
# Nobody in the demo is a patient: what a line was given may be read, places of errors included.
LOGGING = {
    **LOGGING,
    "formatters": {"whole": {"()": "clinic.start.dev_logs.Whole"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "whole"}},
}
