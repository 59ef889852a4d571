"""Makes every patient's summary anew, after an import or a change of the rules."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from clinic.recovery.services import rebuild_summaries


class Command(BaseCommand):
    help = "Make every patient's recovery summary anew from the records."

    def handle(self, *args: Any, **options: Any) -> None:
        count = rebuild_summaries()
        self.stdout.write(self.style.SUCCESS(f"{count} summaries made anew."))
