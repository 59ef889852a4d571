"""Settings of the log: its keys, where its head goes, and by which role the application adds to it."""

from .environment import Env

_env = Env()

# The keys that seal the audit log, the one in use first; without any, made of the secret key and its fallbacks.
AUDIT_KEYS: list[str] = _env.list("RISORIUS_AUDIT_KEYS", default=[])
# The role of PostgreSQL by which the application works, and which owns nothing; `manage.py database_roles` makes it.
APPLICATION_ROLE = _env.str("RISORIUS_APPLICATION_ROLE", default="risorius_app")
APPLICATION_PASSWORD = _env.str("RISORIUS_APPLICATION_PASSWORD", default="")
# Where the head of the log's chain goes each hour: to the end of a file, and by POST to an address. On another machine,
# it outlives whoever rewrites the log on this one.
CHAIN_HEAD_FILE = _env.str("RISORIUS_CHAIN_HEAD_FILE", default="")
CHAIN_HEAD_URL = _env.str("RISORIUS_CHAIN_HEAD_URL", default="")
CHAIN_HEAD_EVERY = _env.int("RISORIUS_CHAIN_HEAD_EVERY", default=3600)
