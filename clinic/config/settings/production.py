"""A clinic's own installation: PostgreSQL, Redis, TLS in front. Every secret comes from the environment."""

from .base import *  # noqa: F403
from .base import (
    ANALYSIS_HARD_LIMIT,
    LOGGING,
    POSTGRES_OPTIONS,
    env,
)
from .environment import broker_tls, with_password

PRODUCTION = True
SECRET_KEY = env.str("RISORIUS_SECRET_KEY")
ALLOWED_HOSTS = env.list("RISORIUS_ALLOWED_HOSTS")

DATABASES = {"default": env.db_url("RISORIUS_DATABASE_URL")}
if _password := env.str("RISORIUS_DATABASE_PASSWORD", default=""):
    DATABASES["default"]["PASSWORD"] = _password
DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {}), "options": POSTGRES_OPTIONS}
# The file of the authority that signed the database's certificate: then it must have one, for the name it is called by.
if _authority := env.str("RISORIUS_DATABASE_CA", default=""):
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "sslmode": "verify-full",
        "sslrootcert": _authority,
    }
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

_broker_password = env.str("RISORIUS_BROKER_PASSWORD", default="")
CELERY_BROKER_URL = with_password(env.str("RISORIUS_BROKER_URL"), _broker_password)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 10 * ANALYSIS_HARD_LIMIT,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}

_cache_url = with_password(env.str("RISORIUS_CACHE_URL", default=CELERY_BROKER_URL), _broker_password)
# rediss:// speaks TLS, and checks whom it speaks to: by the file of an authority, or else by the machine's own list.
_broker_tls = broker_tls(env.str("RISORIUS_BROKER_CA", default=""))
if CELERY_BROKER_URL.startswith("rediss://"):
    CELERY_BROKER_USE_SSL = _broker_tls
CACHES = {
    "default": {
        "BACKEND": "clinic.common.cache.Cache",
        "LOCATION": _cache_url,
        # A page does not wait for a count.
        "OPTIONS": {
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
            **(_broker_tls if _cache_url.startswith("rediss://") else {}),
        },
    }
}

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
DEVICE_COOKIE_NAME = "__Host-device"
REQUIRE_SECOND_FACTOR = env.bool("RISORIUS_REQUIRE_SECOND_FACTOR", default=True)
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_NAME = "__Host-language"

LOG_JSON = True
LOGGING = {**LOGGING, "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}}}
