"""API tokens and their end; how holders of accounts are told of what is made for them."""

from .environment import Env

env = Env()

# Every token ends: after so many days at most.
TOKEN_DAYS = env.int("RISORIUS_TOKEN_DAYS", default=365)
# By mail where there is a server to send it; on their page in any case.
EMAIL_HOST, EMAIL_TIMEOUT = "", 10
DEFAULT_FROM_EMAIL = env.str("RISORIUS_EMAIL_FROM", default="risorius@localhost")
if EMAIL_URL := env.str("RISORIUS_EMAIL_URL", default=""):
    globals().update({name: value for name, value in env.email_url_config(EMAIL_URL).items() if value})
