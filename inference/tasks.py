"""The worker's tasks: each validates, calls, and answers."""

from __future__ import annotations

import logging
import uuid

from django.core.files.storage import storages

from inference.pipeline.errors import PipelineError

from . import publish, services, watchdog, worker
from .errors import explain

logger = logging.getLogger(__name__)


@publish.task(name=publish.ANALYSE)
def analyse(analysis_id: str) -> None:
    """Analyse one photo, if it still waits for it."""
    pk = uuid.UUID(analysis_id)
    try:
        analyser = worker.analyser()
    except PipelineError as error:
        claim = services.claim(analysis_id=pk)
        if claim:
            services.fail(claim=claim, code=error.code)
        return
    claim = services.claim(analysis_id=pk, release=analyser.release.name)
    if claim is None:
        logger.info("Analysis %s is not waiting any more", pk)
        return
    try:
        with storages["photos"].open(claim.image) as file:
            photo = file.read()
        findings = analyser.analyse(photo)
        write = services.reject if findings.state == "rejected" else services.finish
        write(claim=claim, findings=findings)
    except FileNotFoundError:
        services.fail(claim=claim, code="file_missing")
    except PipelineError as error:
        _give_up(claim, error.code)
    except MemoryError:
        _give_up(claim, "out_of_memory")
    except Exception:
        logger.exception("Analysis %s stopped at an error", pk)
        _give_up(claim, "internal")


def _give_up(claim: services.Claim, code: str) -> None:
    if explain(code).retry:
        services.requeue(analysis_id=claim.analysis_id, attempt=claim.attempt, code=code)
    else:
        services.fail(claim=claim, code=code)


@publish.task(name=publish.CANARY)
def canary(queue: str) -> None:
    """Answer the sign of life."""
    services.canary_seen(queue=queue)


@publish.task(name=publish.WATCH)
def watch() -> None:
    """Look after lost analyses, unpublished ones and the queues; beat asks each minute."""
    watchdog.run()
