"""Settings come from the environment, secrets rather from files: `NAME_FILE` holds the path to what `NAME` is.

What stands in the environment is shown by every process list and crash report; a file is shown to its owner alone.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import quote, urlsplit

import environ
from environ.fileaware_mapping import FileAwareMapping


class Environment(FileAwareMapping):
    """The environment, and the files that it names without the line break that editors put at their end."""

    def __getitem__(self, key: str) -> str:
        value: str = super().__getitem__(key)
        return value.rstrip("\r\n")


class Env(environ.FileAwareEnv):
    """django-environ's reader on that."""

    ENVIRON = Environment()


def with_password(url: str, password: str) -> str:
    """The address of a server with the password put in; unchanged where it has one, or there is none."""
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    server = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:{quote(password, safe='')}@{server}").geturl()


def broker_tls(authority: str) -> dict[str, Any]:
    """How a client of Redis looks at the server's certificate. authority: the file of who signed it, if it is ours."""
    found: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return {**found, "ssl_ca_certs": authority} if authority else found
