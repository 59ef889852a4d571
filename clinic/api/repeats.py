"""`Idempotency-Key`: a POST that makes something can be repeated when its answer got lost, and makes it once.

After the draft of the IETF's HTTPAPI group (draft-ietf-httpapi-idempotency-key-header). The key is remembered in the
transaction that makes the record, so that both are there or neither; a request that is refused is not remembered. Two
at once take turns by a lock of the database that only tries: the second one is told to come back.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .catalogue import Problem
from .models import RepeatableRequest

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

HEADER: Final = "Idempotency-Key"
REMEMBERED: Final = dt.timedelta(hours=24)
# A structured field's string, or the bare word that most clients send.
KEY: Final = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


def once(
    request: Request, operation: str, create: Callable[[], Response], again: Callable[[Any], Response]
) -> Response:
    """What `create` answers; for a repeated key what `again` answers for the record that was made then.

    Problems: malformed_key, key_reused for another body, in_progress while the first one is still at work.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return create()
    key = _keyed(_read(given))
    wanted = _keyed(operation, _body(request.data))
    with transaction.atomic():
        if not _alone(int(request.user.pk or 0), key):
            raise Problem("in_progress", headers={"Retry-After": "1"})
        known = RepeatableRequest.objects.filter(user=request.user, key=key).first()
        if known is not None and known.created_at <= timezone.now() - REMEMBERED:
            known.delete()
            known = None
        if known is not None:
            if known.request != wanted:
                raise Problem("key_reused")
            return again(known.record)
        response = create()
        record = response.data["id"]
        RepeatableRequest.objects.create(user=request.user, key=key, request=wanted, record=record)
        return response


def forget_old() -> int:
    """Take the keys of more than a day ago out of the database; how many."""
    old = RepeatableRequest.objects.filter(created_at__lte=timezone.now() - REMEMBERED)
    return old.delete()[0]


def _read(given: str) -> str:
    found = KEY.fullmatch(given.strip())
    if not found:
        raise Problem("malformed_key")
    return found[1] or found[2]


def _keyed(*parts: str) -> str:
    return salted_hmac("risorius.api.repeats", json.dumps(parts), algorithm="sha256").hexdigest()


def _body(data: Any) -> str:
    """The body in one form: fields in any order, and of a file its bytes, whatever the parts are separated by."""
    if not isinstance(data, Mapping):
        return json.dumps(data, sort_keys=True)
    lists = dict(data.lists()) if hasattr(data, "lists") else data
    return json.dumps(lists, sort_keys=True, default=_digest)


def _digest(value: Any) -> str:
    if not isinstance(value, UploadedFile):
        return str(value)
    value.seek(0)
    digest = hashlib.file_digest(value, "sha256").hexdigest()
    value.seek(0)
    return digest


def _alone(user: int, key: str) -> bool:
    """Whether no other request of this key is at work; SQLite has one writer at a time anyway."""
    if connection.vendor != "postgresql":
        return True
    number = int.from_bytes(hashlib.sha256(f"{user}:{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
