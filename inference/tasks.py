"""The worker's tasks: each validates, calls, and answers."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from types import ModuleType
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError

from clinic.common import broker
from clinic.store import files
from inference.pipeline.errors import PipelineError

from . import background as background_services
from . import backlog, publish, registry, services, watchdog, worker
from .errors import explain
from .jobs import Claim

if TYPE_CHECKING:
    from inference.pipeline import Analyser

logger = logging.getLogger(__name__)


@broker.task(name=publish.ANALYSE)
def analyse(analysis_id: str) -> None:
    """Analyse one photo, if it still waits for it."""
    _run(uuid.UUID(analysis_id), services)


@broker.task(name=publish.BACKGROUND)
def background(job_id: str) -> None:
    """Analyse one photo for a shadow release or anew, and hand out the next ones."""
    try:
        _run(uuid.UUID(job_id), background_services)
    finally:
        backlog.feed()


def _run(pk: uuid.UUID, book: ModuleType) -> None:
    """One attempt, with the release that the job is for. book: the services that write it down."""
    job = worker.insist(book.waiting, analysis_id=pk)
    if job is None:
        logger.info("Analysis %s is not waiting any more", pk)
        return
    try:
        analyser = _analyser(job.release, stands_in=book is services)
    except PipelineError as error:
        claim = book.start(job=job.alone)
        if claim:
            book.fail(claim=claim, code=error.code)
        return
    job = job if analyser.uses_reference else job.alone
    claim = worker.insist(book.start, job=job, release=analyser.release.name)
    if claim is None:
        logger.info("Analysis %s is not waiting any more", pk)
        return
    try:
        photo = worker.insist(files.read_named, name=claim.image, clinic_id=claim.clinic_id)
        rest = _at_rest(claim)
        findings = analyser.analyse(photo) if rest is None else analyser.analyse(photo, rest)
        write = book.reject if findings.state == "rejected" else book.finish
        worker.insist(write, claim=claim, findings=findings)
    except FileNotFoundError:
        book.fail(claim=claim, code="file_missing")
    except files.StoreAway as error:
        logger.error("Analysis %s: %s", pk, error)
        _give_up(claim, error.code, book)
    except files.DecryptionError as error:
        logger.error("Analysis %s: %s", pk, error)
        _give_up(claim, error.code, book)
    except PipelineError as error:
        _give_up(claim, error.code, book)
    except MemoryError:
        _give_up(claim, "out_of_memory", book)
    except (OperationalError, InterfaceError):
        raise  # it can't be written down now: the lease ends by itself
    except Exception:
        logger.exception("Analysis %s stopped at an error", pk)
        _give_up(claim, "internal", book)


def _at_rest(claim: Claim) -> bytes | None:
    """The stored photo of the face at rest; None where there is none, or its file can't be read: the photo itself can
    be judged all the same."""
    if not claim.reference_image:
        return None
    try:
        return worker.insist(files.read_named, name=claim.reference_image, clinic_id=claim.clinic_id)
    except (FileNotFoundError, files.DecryptionError) as error:
        logger.warning(
            "The reference of analysis %s is left out: %s", claim.analysis_id, type(error).__name__
        )
        return None


def _analyser(name: str, *, stands_in: bool) -> Analyser:
    """That release's models; the one in use stands in for one that this version can't run any more."""
    try:
        return worker.analyser(name)
    except PipelineError:
        current = registry.active().name
        if not stands_in or current == name:
            raise
        logger.warning("The model release of a waiting photo can't be used; the one in use takes it")
        return worker.analyser(current)


def _give_up(claim: Claim, code: str, book: ModuleType) -> None:
    if explain(code).retry:
        worker.insist(book.requeue, analysis_id=claim.analysis_id, attempt=claim.attempt, code=code)
    else:
        worker.insist(book.fail, claim=claim, code=code)


@broker.task(name=publish.CANARY)
def canary(queue: str, sent_at: str = "") -> None:
    """Answer the sign of life; what should have come out of the queue before it, and did not, is lost."""
    services.canary_seen(queue=queue, sent_at=dt.datetime.fromisoformat(sent_at) if sent_at else None)
    watchdog.republish_waiting()


@broker.task(name=publish.WATCH)
def watch() -> None:
    """Look after lost analyses, unpublished ones and the queues; beat asks several times a minute."""
    watchdog.run()
