"""Prints the alert rules for Prometheus."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from clinic.operations import rules


class Command(BaseCommand):
    help = "Print the alert rules: manage.py alert_rules > docker/prometheus/alerts.yml"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(rules.as_yaml(), ending="")
