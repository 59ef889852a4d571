"""The worker's tasks: each validates, calls, and answers."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError

from clinic.common import broker
from clinic.store import files
from inference.pipeline.codes import UNTAUGHT
from inference.pipeline.errors import PipelineError

from . import services
from .errors import explain
from .jobs import background as background_services
from .jobs import backlog, publish, watchdog, worker
from .jobs.job import Claim, JobServices
from .releases import registry

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


def _run(pk: uuid.UUID, writer: JobServices) -> None:
    """One attempt, with the release that the job is for. writer: the services of its table."""
    job = worker.retry_while_away(writer.waiting, analysis_id=pk)
    if job is None:
        logger.info("Analysis %s is not waiting any more", pk)
        return
    try:
        analyser = _analyser(job.release, stands_in=writer is services)
    except PipelineError as error:
        claim = writer.start(job=job.alone)
        if claim:
            writer.fail(claim=claim, code=error.code)
        return
    job = job if analyser.uses_reference else job.alone
    claim = worker.retry_while_away(writer.start, job=job, release=analyser.release.name)
    if claim is None:
        logger.info("Analysis %s is not waiting any more", pk)
        return
    try:
        photo = worker.retry_while_away(files.read_named, name=claim.image, clinic_id=claim.clinic_id)
        rest = _at_rest(claim)
        given: dict[str, Any] = {"reference": rest} if rest is not None else {}
        if claim.exercise in UNTAUGHT:
            given = {"view": claim.exercise}
        findings = analyser.analyse(photo, **given)
        write = writer.reject if findings.state == "rejected" else writer.finish
        worker.retry_while_away(write, claim=claim, findings=findings)
    except FileNotFoundError:
        writer.fail(claim=claim, code="file_missing")
    except files.StoreAway as error:
        logger.error("Analysis %s: %s", pk, error)
        _give_up(claim, error.code, writer)
    except files.DecryptionError as error:
        logger.error("Analysis %s: %s", pk, error)
        _give_up(claim, error.code, writer)
    except PipelineError as error:
        _give_up(claim, error.code, writer)
    except MemoryError:
        _give_up(claim, "out_of_memory", writer)
    except (OperationalError, InterfaceError):
        raise  # it can't be written down now: the lease ends by itself
    except Exception:
        logger.exception("Analysis %s stopped at an error", pk)
        _give_up(claim, "internal", writer)


def _at_rest(claim: Claim) -> bytes | None:
    """The stored photo of the face at rest; None where there is none, or its file can't be read: the photo itself can
    be judged all the same."""
    if not claim.reference_image:
        return None
    try:
        return worker.retry_while_away(
            files.read_named, name=claim.reference_image, clinic_id=claim.clinic_id
        )
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


def _give_up(claim: Claim, code: str, writer: JobServices) -> None:
    if explain(code).retry:
        worker.retry_while_away(
            writer.requeue, analysis_id=claim.analysis_id, attempt=claim.attempt, code=code
        )
    else:
        worker.retry_while_away(writer.fail, claim=claim, code=code)


@broker.task(name=publish.CANARY)
def canary(queue: str, sent_at: str = "") -> None:
    """Answer the sign of life; what should have come out of the queue before it, and did not, is lost."""
    services.canary_seen(queue=queue, sent_at=dt.datetime.fromisoformat(sent_at) if sent_at else None)
    watchdog.republish_waiting()


@broker.task(name=publish.WATCH)
def watch() -> None:
    """Look after lost analyses, unpublished ones and the queues; beat asks several times a minute."""
    watchdog.run()
