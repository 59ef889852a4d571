"""The Celery application of worker and beat."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.schedules import crontab
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from clinic.operations import (
    heartbeat as heartbeat,  # the worker's sign of life hangs on a signal of Celery's
)
from inference.jobs import priorities

from . import tracing as tracing  # the lines of tasks hang on signals of Celery's

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.config.settings.demo")
TRANSPORT_ALIASES["filesystem"] = "clinic.config.file_broker:FileTransport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "clinic.config.redis_broker:RedisTransport"

app = Celery("risorius")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A request waits for the broker a moment, not Kombu's hundred tries; the watchdog publishes what was missed.
PUBLISH = {"max_retries": 0, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}


@app.on_after_configure.connect
def complete(source: Any, **_: Any) -> None:
    """What follows from the settings."""
    from django.conf import settings

    conf = source
    conf.task_queues = [Queue(settings.ANALYSIS_QUEUE), Queue(settings.HOUSEKEEPING_QUEUE)]
    conf.broker_transport_options = {**PUBLISH, **settings.CELERY_BROKER_TRANSPORT_OPTIONS}
    conf.broker_connection_max_retries = None
    # A child loads the models before it says that it is up; the default of 4 s kills a slow one for ever.
    conf.worker_proc_alive_timeout = 120
    conf.beat_schedule = beat_schedule()
    conf.beat_scheduler = "clinic.operations.scheduler:Scheduler"
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        # Nobody steers the demo's worker from outside, and its control messages would be files to poll.
        conf.worker_enable_remote_control = False
        for folder in ("data_folder_in", "data_folder_out", "control_folder"):
            Path(conf.broker_transport_options[folder]).mkdir(parents=True, exist_ok=True, mode=0o700)


def beat_schedule() -> dict[str, Any]:
    """What beat asks for. Each message is forgotten before the next one, so that none pile up without a worker."""
    from django.conf import settings

    every = settings.WATCHDOG_EVERY
    quick = {"queue": settings.HOUSEKEEPING_QUEUE, "expires": every * 0.9}
    minutely = {"queue": settings.HOUSEKEEPING_QUEUE, "expires": 50}
    hourly = {"queue": settings.HOUSEKEEPING_QUEUE, "expires": 3000}
    lines = [(settings.HOUSEKEEPING_QUEUE, priorities.FIRST)]
    lines += [(settings.ANALYSIS_QUEUE, priority) for priority in priorities.PRIORITIES]
    canaries = {
        f"canary-{queue}-{priority}": {
            "task": "inference.tasks.canary",
            "schedule": every,
            "args": (queue, priority),
        }
        for queue, priority in lines
    }
    return {
        "watchdog": {"task": "inference.tasks.watch", "schedule": every, "options": quick},
        "sweep": {"task": "clinic.visits.tasks.sweep", "schedule": 3600.0, "options": hourly},
        "seal": {"task": "clinic.audit.tasks.seal", "schedule": 60.0, "options": minutely},
        "head": {
            "task": "clinic.audit.tasks.head",
            "schedule": float(settings.CHAIN_HEAD_EVERY),
            "options": {"queue": settings.HOUSEKEEPING_QUEUE, "expires": settings.CHAIN_HEAD_EVERY * 0.9},
        },
        # A slice of the night's check of files and records, behind everything else.
        "integrity": {
            "task": "clinic.operations.tasks.integrity",
            "schedule": 60.0,
            "options": {**minutely, "priority": 9},
        },
        "hours": {
            "task": "clinic.operations.tasks.count_hours",
            "schedule": 60.0,
            "options": {**minutely, "priority": 9},
        },
        # Records whose patients asked to be forgotten, once a night, when their retention is over.
        "retention": {
            "task": "clinic.rights.tasks.retention",
            "schedule": crontab(hour=1, minute=40),
            "options": hourly,
        },
        "sessions": {
            "task": "clinic.accounts.tasks.forget_sessions",
            "schedule": crontab(hour=1, minute=50),
            "options": hourly,
        },
        "notices": {"task": "clinic.accounts.tasks.mail_notices", "schedule": 60.0, "options": minutely},
        "repeats": {
            "task": "clinic.api.tasks.forget_keys",
            "schedule": crontab(hour=1, minute=55),
            "options": hourly,
        },
        **canaries,
    }
