"""What beat asks of a worker for the accounts' sake."""

from __future__ import annotations

from clinic.common import broker

from . import notices, sessions


@broker.task(name="clinic.accounts.tasks.forget_sessions")
def forget_sessions() -> None:
    """Take what is left of sessions that are over out of the database, once a night."""
    sessions.forget_ended()


@broker.task(name="clinic.accounts.tasks.mail_notices")
def mail_notices() -> None:
    """Mail what holders of accounts were not told by mail yet, once a minute."""
    notices.mail_waiting()
