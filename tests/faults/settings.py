"""Production's settings for the drills; only what needs a build step or a proxy is left out."""

from clinic.config.settings.production import *  # noqa: F403
from clinic.config.settings.production import STORAGES

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
REQUIRE_SECOND_FACTOR = False
LOG_JSON = False
# A drill makes its people by the dozen.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
