"""Forgets the demo's records and photos."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from clinic.demo import loader
from clinic.start import reset


class Command(BaseCommand):
    help = "Delete the demo's database, photos and queue; the next “make run” loads them anew."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loader.require_demo()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if reset.main() != 0:
            raise CommandError("The demo was not reset.")
