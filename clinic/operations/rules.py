"""What counts as wrong: for the page a condition and a sentence, for Prometheus an expression, from the same numbers.

`manage.py alert_rules` prints docker/prometheus/alerts.yml from this table; docs/operations-runbook.md has a section
for each name. A rule without a condition is one that only a watcher outside can know.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from . import thresholds as t
from .figures import ServiceFigures

CRITICAL, WARNING = "critical", "warning"
Text = str | Promise


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One thing that can be wrong. summary: for whoever is woken. safe: what the clinic need not fear."""

    name: str
    severity: str
    expression: str
    lasts: str
    summary: str
    holds: Callable[[ServiceFigures], bool] | None = None
    sentence: Callable[[ServiceFigures], Text] | None = None
    action: Text = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A rule that holds now, in words."""

    name: str
    severity: str
    sentence: str
    action: str


def troubles(figures: ServiceFigures) -> list[Trouble]:
    """What is wrong now, the worst first."""
    found = [
        Trouble(rule.name, rule.severity, str(rule.sentence(figures)), str(rule.action))
        for rule in RULES
        if rule.holds and rule.sentence and rule.holds(figures)
    ]
    return sorted(found, key=lambda trouble: trouble.severity != CRITICAL)


def _minutes(seconds: float) -> int:
    return int(seconds // 60)


def _hours(seconds: float) -> int:
    return int(seconds // 3600)


def _slowest(figures: ServiceFigures) -> float:
    return max((sign.age for sign in figures.canaries), default=0.0)


def _backup_old(figures: ServiceFigures) -> Text:
    if math.isinf(figures.backup_age):
        return _("There is no backup yet.")
    return _("The last backup is %(hours)d hours old.") % {"hours": _hours(figures.backup_age)}


def _check_old(figures: ServiceFigures) -> Text:
    if math.isinf(figures.whole_age):
        return _("Files and records have never been checked as a whole.")
    return _("The last check of files and records is overdue.")


WORKER = _("Look whether a worker runs, and restart it. Photos are safe, and are analysed when it is back.")
BEAT = _("Start beat (one of it). Until then lost photos are not brought back into the queue.")

RULES: tuple[AlertRule, ...] = (
    AlertRule(
        "AnalysisDelayed",
        CRITICAL,
        f"risorius_queue_oldest_seconds > {t.QUEUE_AGE}",
        "2m",
        "A photo has waited for its analysis longer than two minutes.",
        lambda f: f.queue.oldest > t.QUEUE_AGE,
        lambda f: (
            ngettext_lazy(
                "The oldest photo has waited for %(n)d minute.",
                "The oldest photo has waited for %(n)d minutes.",
                "n",
            )
            % {"n": _minutes(f.queue.oldest)}
        ),
        WORKER,
    ),
    AlertRule(
        "QueueLong",
        WARNING,
        f"risorius_queue_length > {t.QUEUE_LENGTH}",
        "10m",
        "Many photos wait for their analysis.",
        lambda f: f.queue.waiting > t.QUEUE_LENGTH,
        lambda f: _("%(n)d photos wait.") % {"n": f.queue.waiting},
        _("Start more worker processes, or wait: the photos are safe."),
    ),
    AlertRule(
        "CanaryStale",
        CRITICAL,
        f"risorius_canary_age_seconds > {t.CANARY_AGE}",
        "1m",
        "Nothing comes out of a queue any more.",
        lambda f: _slowest(f) > t.CANARY_AGE,
        lambda f: (
            _("Nothing comes out of this queue: %(queues)s.")
            % {"queues": ", ".join(sign.queue for sign in f.canaries if sign.age > t.CANARY_AGE)}
        ),
        _("Look whether the broker and a worker for that queue run. Photos are safe."),
    ),
    AlertRule(
        "BeatSilent",
        CRITICAL,
        f"risorius_beat_age_seconds > {t.BEAT_AGE}",
        "1m",
        "Beat has stopped making its rounds.",
        lambda f: f.beat > t.BEAT_AGE,
        lambda f: (
            _("Beat was never seen at work.")
            if math.isinf(f.beat)
            else _("Beat was last seen %(n)d minutes ago.") % {"n": _minutes(f.beat)}
        ),
        BEAT,
    ),
    AlertRule(
        "LeasesOverdue",
        WARNING,
        "risorius_leases_overdue > 0",
        "5m",
        "Analyses run on although their leases ended.",
        lambda f: f.queue.overdue > 0,
        lambda f: _("%(n)d analyses run on although their time is over.") % {"n": f.queue.overdue},
        _("Look whether beat and a worker for housekeeping run: together they bring such photos back."),
    ),
    AlertRule(
        "ModelsUnusable",
        CRITICAL,
        "risorius_release_usable == 0",
        "1m",
        "The release in use is missing or altered.",
        lambda f: bool(f.release_problems),
        lambda f: _("The analysis models are missing or altered, so nothing is analysed."),
        _(
            "Restore the folder of models from the installed release, then restart the worker. Photos are stored."
        ),
    ),
    AlertRule(
        "AnalysesFailing",
        WARNING,
        f"risorius_failed_day >= {t.FAILED_AT_LEAST} and risorius_failed_day / risorius_ended_day > {t.FAILED_SHARE}",
        "15m",
        "More analyses than usual end in an error.",
        lambda f: f.failures_day >= t.FAILED_AT_LEAST and f.failed_share > t.FAILED_SHARE,
        lambda f: (
            _("%(failed)d of %(ended)d analyses of the last day failed.")
            % {"failed": f.failures_day, "ended": f.ended_day}
        ),
        _("Read below which errors they are; the log has each with its time."),
    ),
    AlertRule(
        "BackupOld",
        CRITICAL,
        f"risorius_backup_age_seconds > {t.BACKUP_AGE}",
        "10m",
        "There is no backup of the last 26 hours.",
        lambda f: f.backup_age > t.BACKUP_AGE and not f.demo,
        _backup_old,
        _("Run “make backup”, and see why the nightly one did not."),
    ),
    AlertRule(
        "BackupFailed",
        WARNING,
        "risorius_backup_last_ok == 0",
        "10m",
        "The last try at a backup failed.",
        lambda f: bool(f.backup_tried and f.backup_tried.error_code),
        lambda f: (
            _("The last try at a backup failed (%(code)s).")
            % {"code": f.backup_tried.error_code if f.backup_tried else ""}
        ),
        _("Run “make backup”: it says what was wrong. Earlier backups are untouched."),
    ),
    AlertRule(
        "BackupUnverified",
        WARNING,
        "risorius_backup_verified == 0",
        "1h",
        "The last backup was not read back, or lacks files.",
        lambda f: f.backup is not None and (f.backup.verified_at is None or f.backup.missing > 0),
        lambda f: (
            _("The last backup lacks %(n)d files.") % {"n": f.backup.missing}
            if f.backup and f.backup.missing
            else _("The last backup was not read back.")
        ),
        _("Run “manage.py backup --check” with its file, and “manage.py fsck”."),
    ),
    AlertRule(
        "IntegrityFindings",
        CRITICAL,
        "risorius_integrity_findings > 0",
        "1m",
        "The last check found files or records that are not as they must be.",
        lambda f: f.left_to_repair > 0,
        lambda f: (
            ngettext_lazy(
                "The last check found %(n)d thing that is not as it must be.",
                "The last check found %(n)d things that are not as they must be.",
                "n",
            )
            % {"n": f.left_to_repair}
        ),
        _("Read below what it is and what to do. Keep all backups until it is settled."),
    ),
    AlertRule(
        "IntegrityOld",
        WARNING,
        f"risorius_integrity_age_seconds > {t.SAMPLE_AGE} or risorius_integrity_whole_age_seconds > {t.WHOLE_AGE}",
        "2h",
        "The nightly or the weekly check of files and records is overdue.",
        lambda f: (f.check_age > t.SAMPLE_AGE or f.whole_age > t.WHOLE_AGE) and f.check_running is None,
        _check_old,
        _("It begins by itself once beat and a worker run; or run “manage.py fsck”."),
    ),
    AlertRule(
        "DiskLow",
        CRITICAL,
        f"risorius_disk_free_bytes < {t.DISK_FREE_BYTES} or "
        f"risorius_disk_free_bytes / risorius_disk_bytes < {t.DISK_FREE_SHARE}",
        "5m",
        "The photos' disk is nearly full.",
        lambda f: (
            bool(f.disk.total) and (f.disk.free < t.DISK_FREE_BYTES or f.disk.share < t.DISK_FREE_SHARE)
        ),
        lambda f: _("The disk of the photos is nearly full."),
        _("Make room or enlarge it. When it is full, uploads are refused; what is stored stays."),
    ),
    AlertRule(
        "LoginsFailing",
        WARNING,
        f"risorius_logins_failed > {t.LOGINS_FAILED}",
        "5m",
        "Many logins fail.",
        lambda f: f.logins_failed > t.LOGINS_FAILED,
        lambda f: _("%(n)d logins failed in the last quarter of an hour.") % {"n": f.logins_failed},
        _(
            "Look in the log of events from where. Accounts under attack are locked for a while by themselves."
        ),
    ),
    AlertRule(
        "LogUnsealed",
        WARNING,
        f"risorius_log_unsealed_seconds > {t.UNSEALED}",
        "5m",
        "The log of reads and changes is not being sealed.",
        lambda f: f.unsealed > t.UNSEALED,
        lambda f: (
            _("The log of reads and changes has not been sealed for %(n)d minutes.")
            % {"n": _minutes(f.unsealed)}
        ),
        _("Look whether beat and a worker for housekeeping run. No line is lost; the sealing catches up."),
    ),
    AlertRule(
        "PagesBroken",
        CRITICAL,
        'sum(rate(django_http_responses_total_by_status_total{status=~"5.."}[5m])) '
        "/ sum(rate(django_http_responses_total_by_status_total[5m])) > 0.01",
        "5m",
        "More than one answer in a hundred is an error of the program.",
    ),
    AlertRule(
        "SiteUnseen", CRITICAL, 'up{job="risorius"} == 0', "2m", "The site does not answer its watcher."
    ),
)


def as_yaml() -> str:
    """The rules as Prometheus reads them."""
    lines = [
        "# Made by `python manage.py alert_rules` from clinic/operations/rules.py; a test compares. What each means",
        "# and what to do: docs/operations-runbook.md.",
        "groups:",
        "  - name: risorius",
        "    rules:",
    ]
    for rule in RULES:
        lines += [
            f"      - alert: {rule.name}",
            f"        expr: {json.dumps(rule.expression)}",
            f"        for: {rule.lasts}",
            "        labels:",
            f"          severity: {rule.severity}",
            "        annotations:",
            f"          summary: {json.dumps(rule.summary)}",
            f"          runbook: docs/operations-runbook.md#{rule.name.lower()}",
        ]
    return "\n".join(lines) + "\n"
