"""The Celery application of worker and beat."""

import os
from pathlib import Path
from typing import Any

from celery import Celery, signals
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.config.settings.demo")
TRANSPORT_ALIASES["filesystem"] = "clinic.config.file_broker:Transport"

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
    conf.beat_schedule = {
        "watchdog": {
            "task": "inference.tasks.watch",
            "schedule": 60.0,
            "options": {"queue": settings.HOUSEKEEPING_QUEUE, "expires": 50},
        }
    }
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        # Nobody steers the demo's worker from outside, and its control messages would be files to poll.
        conf.worker_enable_remote_control = False
        for folder in ("data_folder_in", "data_folder_out", "control_folder"):
            Path(conf.broker_transport_options[folder]).mkdir(parents=True, exist_ok=True, mode=0o700)


@signals.beat_init.connect
def look_at_once(**_: Any) -> None:
    """What was lost while the service was down is found at its start, not a minute later."""
    from inference import publish

    publish.watch_now()
