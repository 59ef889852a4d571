"""How gunicorn serves a clinic; only the address comes from outside."""

import os
import tempfile

bind = os.environ.get("RISORIUS_BIND", "0.0.0.0:8000")
workers = int(os.environ.get("RISORIUS_WEB_WORKERS", "2"))
worker_class = "clinic.common.stopping_gunicorn.Threads"
threads = 8
# The proxy holds a slow upload back until it is whole, so that nobody occupies a thread by being slow.
timeout = 60
# What HUP and TERM wait for a request that is being answered.
graceful_timeout = 30
# A process that lives for months collects what its libraries forget; the numbers differ, so that not all go at once.
max_requests = 10_000
max_requests_jitter = 1_000
# No code before the fork: HUP loads the new one.
preload_app = False
# In memory: a heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
# The proxy writes the log of requests. This one would hold what was searched for.
logger_class = "clinic.common.logs_gunicorn.Pipe"
accesslog = None
errorlog = "-"
loglevel = "info"
limit_request_line = 4094
limit_request_fields = 60

# Each process counts its requests into a file here, and whichever is asked for metrics adds them up.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="risorius-metrics-", dir=worker_tmp_dir)


def post_worker_init(worker):
    """What is loaded by now stays, and rubbish is looked for between two pages."""
    from django.core.signals import request_started

    from clinic.common import garbage

    garbage.settle(request_started)


def child_exit(server, worker):
    """What a process counted stays counted; what it only held goes with it."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
