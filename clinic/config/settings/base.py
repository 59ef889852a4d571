"""Settings that every installation shares; what differs stands in demo, production and test."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from . import photos
from .audit import *  # noqa: F403
from .credentials import *  # noqa: F403
from .environment import Env
from .schema import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

BASE_DIR = Path(__file__).resolve().parents[3]
env = Env()

VERSION = "0.1.0"
VAR_DIR = Path(env.str("RISORIUS_VAR_DIR", default=str(BASE_DIR / "var")))

# No default: a process without a secret must not start.
SECRET_KEY = env.str("RISORIUS_SECRET_KEY", default="")
# Earlier ones: what they signed and sealed stays readable, nothing new is made with them.
SECRET_KEY_FALLBACKS: list[str] = env.list("RISORIUS_OLD_SECRET_KEYS", default=[])
DEBUG = False
# Known passwords and made-up people; true in the demo settings alone.
DEMO = False
# Serves patients: then the checks of clinic.operations.checks.production count.
PRODUCTION = False
ALLOWED_HOSTS: list[str] = env.list("RISORIUS_ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("RISORIUS_TRUSTED_ORIGINS", default=[])
# How many proxies of our own stand in front; a caller's address is taken from behind them.
PROXIES = env.int("RISORIUS_PROXIES", default=0)

INSTALLED_APPS = [
    # First, because of two applications' commands of one name the earlier one's counts: ours write into the log.
    "clinic.accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "clinic.common",
    "clinic.feed",
    "clinic.store",
    "clinic.patients",
    "clinic.visits",
    "clinic.recovery",
    "clinic.report",
    "clinic.validation",
    "clinic.home",
    "clinic.examination",
    "clinic.overview",
    "clinic.rights",
    "clinic.audit",
    "clinic.operations",
    "clinic.api",
    "clinic.demo",
    "inference",
]

MIDDLEWARE = [
    "clinic.common.middleware.OutermostMiddleware",
    "clinic.operations.middleware.ProbesMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.common.compression.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "clinic.common.bodies.BodiesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.common.middleware.LimitsMiddleware",
    "clinic.accounts.middleware.CurrentClinicMiddleware",
    "clinic.accounts.middleware.SessionLimitsMiddleware",
    "clinic.accounts.handed_over.HandedOverMiddleware",
    "clinic.accounts.middleware.SecondFactorMiddleware",
    # What reads a body stands behind all that can refuse it unread.
    "clinic.visits.receiving.UploadsMiddleware",
    "clinic.common.bodies.CsrfByHeaderMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "clinic.accounts.opened_in.OpenedInMiddleware",
    "clinic.patients.middleware.OpenedRecordsMiddleware",
    "clinic.visits.middleware.SealedFilesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "clinic.config.urls"
WSGI_APPLICATION = "clinic.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Every form's {% csrf_token %} also says in which clinic the form was opened.
            "builtins": ["clinic.accounts.templatetags.form_token"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.overview.context.shell",
                "clinic.accounts.context.session",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

SUMMARIES = "clinic.recovery.summaries.CourseSummaries"
# Compiling a query takes longer than any page's query runs. On a disk without a moving arm a row that an index names
# costs hardly more than the next one: a planner that believes otherwise reads whole tables for a few rows.
POSTGRES_OPTIONS = "-c jit=off -c random_page_cost=1.1"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["clinic.accounts.backends.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "clinic.accounts.passwords.LengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# Login is allauth's, by the rules of clinic.accounts.adapters: no sign-up, no mail, no social accounts. How often one
# may fail is counted by clinic.accounts.lockout, since allauth's limits would lock out a clinic behind one address.
ACCOUNT_ADAPTER = "clinic.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "clinic.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Risorius"
# A telephone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# Asked of everybody, or of the members of those clinics that ask for one.
REQUIRE_SECOND_FACTOR = env.bool("RISORIUS_REQUIRE_SECOND_FACTOR", default=False)
# Exports and administration ask again who sits there, when the last proof is older than this.
STEP_UP_SECONDS = ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# A browser in which an account has logged in is not locked out by what strangers try.
DEVICE_COOKIE_NAME = "device"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "accounts:login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("id", _("Bahasa Indonesia"))]
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
FORMAT_MODULE_PATH = ["clinic.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "clinic.common.staticfiles.HashedStaticFilesStorage"},
    "photos": photos.store(VAR_DIR / "photos"),
}

# Photos at rest: with a folder of keys, each clinic's photos are sealed by its own key. The master key, which wraps
# those, lies in neither that folder nor the database.
KEYS_DIR = env.str("RISORIUS_KEYS_DIR", default="")
MASTER_KEY_FILE = env.str("RISORIUS_MASTER_KEY_FILE", default="")
MASTER_KEY = env.str("RISORIUS_MASTER_KEY", default="")

# Years from a patient's last visit during which the record must be kept, whatever the patient asks for.
RETENTION_YEARS = env.int("RISORIUS_RETENTION_YEARS", default=25)
# Whether a photo is taken in, and analysed, only once the consent to the clinical record is on file. Without this,
# a consent that is missing is shown on every page, and one that was taken back stops both.
REQUIRE_RECORD_CONSENT = env.bool("RISORIUS_REQUIRE_RECORD_CONSENT", default=False)

# Intake limits of one photo. Telephones that call themselves 64-megapixel ones make up to 64.5 million pixels.
PHOTO_MAX_BYTES = 25 * 1024 * 1024
PHOTO_MAX_PIXELS = 65_000_000
# Each web process decodes so many photos at once, each in a child with so many bytes of memory beyond its libraries and
# so many seconds of processor time. Whoever waits longer than the last for a child is asked to come back.
DECODERS = env.int("RISORIUS_DECODERS", default=2)
DECODING_MEMORY = 640 * 1024**2
DECODING_SECONDS = 20
DECODING_WAIT = 20
DECODING_PHOTOS_PER_CHILD = 200
REPORTS_AT_ONCE = env.int("RISORIUS_REPORTS", default=1)
# No file of a form lies on a disk: see clinic.common.bodies. The form itself stays small.
FILE_UPLOAD_HANDLERS = ["clinic.common.bodies.PhotosInMemory"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 50
# Where photos come in: a body may be larger here, and nowhere else. The plain form sends several photos at once.
# docker/nginx and docker/kubernetes hold the same limits (tests/running/test_limits.py).
UPLOAD_PAGES = ("visits:upload", "visits:quick_check", "api:photo-list", "practising:photo")
LARGEST_UPLOAD = 60 * 1024 * 1024
# Each web process takes in so many such bodies at once, with so many bytes together, and asks others to come back:
# of its eight threads some must be free for pages and probes.
UPLOADS_AT_ONCE = env.int("RISORIUS_UPLOADS_AT_ONCE", default=5)
UPLOADS_MEMORY = 80 * 1024 * 1024

# Where the proxy's folder of photos hangs, if it hands out what Django allowed (X-Accel-Redirect). Sealed photos
# are opened and sent by Django.
PHOTOS_BY_PROXY = env.str("RISORIUS_PHOTOS_BY_PROXY", default="")

MODEL_ARTIFACTS_DIR = Path(env.str("RISORIUS_MODELS_DIR", default=str(BASE_DIR / "inference" / "artifacts")))

# Backups, and the archives of keys, which belong elsewhere. The passphrase is read from a file or typed.
BACKUP_DIR = env.str("RISORIUS_BACKUP_DIR", default=str(VAR_DIR / "backups"))
BACKUP_KEYS_DIR = env.str("RISORIUS_BACKUP_KEYS_DIR", default="")
BACKUP_PASSPHRASE_FILE = env.str("RISORIUS_BACKUP_PASSPHRASE_FILE", default="")
BACKUP_KEEP = env.int("RISORIUS_BACKUP_KEEP", default=14)
# Who may read /metrics: whoever brings this token, or asks from one of these addresses (CIDR). Nobody by default.
METRICS_TOKEN = env.str("RISORIUS_METRICS_TOKEN", default="")
METRICS_ADDRESSES: list[str] = env.list("RISORIUS_METRICS_ADDRESSES", default=[])

# The analysis job, in seconds. The visibility timeout must outlast the hard limit twice over,
# or Redis hands a running job to a second worker.
ANALYSIS_HARD_LIMIT = env.int("RISORIUS_ANALYSIS_HARD_LIMIT", default=60)
# A worker's main process renews its children's leases; a killed worker's photos wait for the end of one and the
# watchdog's next round, 50 s together.
ANALYSIS_LEASE = env.int("RISORIUS_ANALYSIS_LEASE", default=30)
WATCHDOG_EVERY = env.float("RISORIUS_WATCHDOG_EVERY", default=20)
ANALYSIS_MAX_ATTEMPTS = 3
# Megabytes that a photo may take in a worker's process beyond the loaded models; they take about 250.
ANALYSIS_MEMORY = env.int("RISORIUS_ANALYSIS_MEMORY", default=1024)
ANALYSIS_QUEUE = "analysis"
HOUSEKEEPING_QUEUE = "housekeeping"
# From when on the page says that analysis is delayed: a photo waits, or a sign of life does
# not come out. Pages ask every 20 s: beat, this and a page together take less than two minutes.
ANALYSIS_STALE_AFTER = 120
CANARY_STALE_AFTER = env.int("RISORIUS_CANARY_STALE_AFTER", default=75)
CELERY_TASK_DEFAULT_QUEUE = ANALYSIS_QUEUE
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = ANALYSIS_HARD_LIMIT
# Kilobytes. A process that has grown to this is replaced after its photo.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 768 * 1024
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Celery would close the database's connection after each photo; the worker looks after it as a request does.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_TIMEZONE = "UTC"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
PERMISSIONS_POLICY = {
    "camera": "self",
    "microphone": [],
    "geolocation": [],
    "payment": [],
    "usb": [],
    "display-capture": [],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Our static files are for our own pages.
WHITENOISE_ALLOW_ALL_ORIGINS = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# A working day at most, whatever happens; without anybody there, so long (each clinic may choose for itself).
SESSION_ABSOLUTE_SECONDS = SESSION_COOKIE_AGE = env.int("RISORIUS_SESSION_HOURS", default=12) * 3600
SESSION_IDLE_SECONDS = env.int("RISORIUS_SESSION_IDLE_MINUTES", default=30) * 60
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
# What a page says after a change may hold a name: it waits in the session's row, not in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = False

# What clinics that choose nothing themselves let a model do: in_use, shadow (it runs, unseen) or off.
MODEL_USE = env.str("RISORIUS_MODEL_USE", default="in_use")

# Seconds that a check of which nothing is kept is waited for.
QUICK_CHECK_WAIT = 10.0

# How often one caller may ask, pages and API counted together. A whole clinic may sit behind one address: the rates of
# an address leave room for all its people at the start of a day. RISORIUS_RATES changes some: “upload=900/min,api=”.
# The second limit of uploads keeps one user from filling the disk in a day; whoever moves an archive in raises it.
RATES: dict[str, str] = {
    "login": "120/min",
    "upload": "600/min 5000/day",
    "export": "30/min",
    "quick_check": "20/min",
    "answer": "120/min",
    "api": "1200/min",
    "token": "20/min",
    "token_account": "10/min",
    **env.dict("RISORIUS_RATES", default={}),
}
_PROOFS = (
    "accounts:login", "accounts:set_password", "account_login", "mfa_login_webauthn", "mfa_authenticate",
    "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "answering:open", "answering:unlock",
    "practising:today",
)  # fmt: skip
# Pages by name: which rate, and which requests count.
LIMITED_PAGES = {
    **dict.fromkeys(_PROOFS, ("login", ("POST",))),
    **dict.fromkeys(("answering:questions", "practising:note", "practising:photo"), ("answer", ("POST",))),
    "visits:upload": ("upload", ("POST",)),
    "visits:quick_check": ("quick_check", ("POST",)),
    **dict.fromkeys(("recovery:csv", "report:pdf", "patients:export"), ("export", ("GET", "POST"))),
    **dict.fromkeys(("audit:patient", "audit:patient_csv"), ("export", ("GET",))),
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "clinic.api.authentication.TokenAuthentication",
        "clinic.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "clinic.api.permissions.InScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["clinic.api.parsers.JSONParser"],
    # One way to ask for another representation: the Accept header.
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DEFAULT_PAGINATION_CLASS": "clinic.api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "clinic.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["clinic.api.throttles.Everything", "clinic.api.throttles.NamedThrottle"],
    "EXCEPTION_HANDLER": "clinic.api.problems.handle",
    "PAGE_SIZE": 50,
}
# Named, because a model of ours points at it.
KNOX_TOKEN_MODEL = "knox.AuthToken"
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer"}
# One object a line for machines; readable lines where a person sits before them.
LOG_JSON = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "clinic.common.logs.Json"},
        "line": {"()": "clinic.common.logs.Readable"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "clinic": {"level": "INFO"},
        "inference": {"level": "INFO"},
        "celery": {"level": "INFO"},
        # One line for each task comes from clinic.config.tracing; these quote arguments and errors.
        "celery.app.trace": {"level": "CRITICAL"},
        "celery.worker.strategy": {"level": "WARNING"},
        # Django's own handlers would mail whole tracebacks to ADMINS.
        "django": {"handlers": [], "level": "WARNING"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Its lines hold queries; each request has its line from clinic.common.middleware.
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
