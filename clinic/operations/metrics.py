"""What Prometheus reads: counts and ages from the database at the time of asking, requests as each process saw them.

Several processes serve the site and others work for it. Whatever is a row anyway is counted there, once, and is right
whichever process is asked. Requests and refused uploads are no rows: each process counts them, and where
PROMETHEUS_MULTIPROC_DIR names a folder the processes of one machine are added up.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import prometheus_client
from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily as Gauge

from clinic.common.http import ip_or_none

from . import selectors
from .figures import ServiceFigures

if TYPE_CHECKING:
    from django.http import HttpRequest

CONTENT_TYPE: Final = prometheus_client.CONTENT_TYPE_LATEST


def may_read(request: HttpRequest) -> bool:
    """Whether the caller brings the token, or asks from an address that is allowed. Nobody, where neither is set."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    token: str = settings.METRICS_TOKEN
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    address = ip_or_none(request.META.get("REMOTE_ADDR"))
    # What came through a proxy came from outside: its address is the proxy's, or a claim.
    if not address or "HTTP_X_FORWARDED_FOR" in request.META:
        return False
    here = ipaddress.ip_address(address)
    return any(here in ipaddress.ip_network(network, strict=False) for network in settings.METRICS_ADDRESSES)


def text() -> bytes:
    """Everything, in Prometheus' form."""
    own = CollectorRegistry()
    own.register(_FromFigures(selectors.figures()))
    return generate_latest(_of_processes()) + generate_latest(own)


def _of_processes() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return prometheus_client.REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry


class _FromFigures:
    """The installation's figures as gauges."""

    def __init__(self, figures: ServiceFigures) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Gauge]:
        f = self.figures
        yield Gauge("risorius_queue_length", "Photos that wait for their analysis", f.queue.waiting)
        yield Gauge("risorius_queue_oldest_seconds", "How long the oldest of them has waited", f.queue.oldest)
        yield Gauge("risorius_running", "Photos in work", f.queue.running)
        yield Gauge(
            "risorius_running_longest_seconds", "How long the longest has been in work", f.queue.longest
        )
        yield Gauge("risorius_leases_overdue", "Analyses that run on after their lease", f.queue.overdue)
        yield Gauge("risorius_background_open", "Jobs that nobody waits for", f.queue.background)
        yield _labelled("risorius_analyses", "Analyses by state", "state", f.states)
        yield Gauge("risorius_ended_day", "Analyses of the last day that ended", f.ended_day)
        yield Gauge("risorius_failed_day", "Those of them that failed", f.failures_day)
        yield _labelled(
            "risorius_failed_day_by_code", "Failures of the last day by reason", "code", f.failed_day
        )
        yield _labelled(
            "risorius_rejected_day_by_code",
            "Photos to retake, of the last day, by reason",
            "code",
            f.rejected_day,
        )
        yield Gauge("risorius_stored_day", "Photos that came in within the last day", f.stored_day)
        yield _durations("risorius_wait_seconds", "From upload to start, of the last hour", f.durations.wait)
        yield _durations("risorius_work_seconds", "From start to end, of the last hour", f.durations.work)
        canaries = {sign.queue: sign.age for sign in f.canaries}
        yield _labelled(
            "risorius_canary_age_seconds", "The oldest sign of life still awaited", "queue", canaries
        )
        yield Gauge("risorius_beat_age_seconds", "Since beat's last round", f.beat)
        yield Gauge("risorius_disk_bytes", "Size of the photos' disk", f.disk.total)
        yield Gauge("risorius_disk_free_bytes", "Free on the photos' disk", f.disk.free)
        yield Gauge("risorius_database_bytes", "Size of the database", f.database_bytes)
        yield _labelled("risorius_release_info", "The release in use", "release", {f.release: 1})
        yield Gauge("risorius_release_usable", "Whether it is complete and unaltered", not f.release_problems)
        yield Gauge("risorius_logins_failed", "Failed logins of the last quarter of an hour", f.logins_failed)
        yield Gauge("risorius_log_unsealed_seconds", "The oldest line of the log without a seal", f.unsealed)
        yield from self._care()

    def _care(self) -> Iterator[Gauge]:
        f = self.figures
        tried, backup = f.backup_tried, f.backup
        whole = backup is not None and backup.verified_at is not None and not backup.missing
        yield Gauge("risorius_backup_age_seconds", "Since the last backup; +Inf without one", f.backup_age)
        yield Gauge("risorius_backup_bytes", "Size of the last backup", backup.size if backup else 0)
        yield Gauge(
            "risorius_backup_last_ok", "Whether the last try worked", not (tried and tried.error_code)
        )
        yield Gauge(
            "risorius_backup_verified", "Whether the last one was read back whole", whole or backup is None
        )
        yield Gauge(
            "risorius_integrity_age_seconds", "Since the last check of files and records", f.check_age
        )
        yield Gauge(
            "risorius_integrity_whole_age_seconds", "Since the last check of all of them", f.whole_age
        )
        yield Gauge(
            "risorius_integrity_findings", "Found by the last check and not repaired", f.left_to_repair
        )


def _labelled(name: str, about: str, label: str, values: dict[str, float] | dict[str, int]) -> Gauge:
    gauge = Gauge(name, about, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge


def _durations(name: str, about: str, values: tuple[float, float]) -> Gauge:
    return _labelled(name, about, "quantile", dict(zip(("0.5", "0.95"), values, strict=True)))


__all__ = ["CONTENT_TYPE", "may_read", "text"]
