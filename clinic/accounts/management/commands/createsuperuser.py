"""Django's `createsuperuser` makes an account that nothing here needs, and that no clinic's log would tell of."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = "Says how accounts are made here: superusers may do nothing more than others."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", help="ignored")
        parser.add_argument("--noinput", "--no-input", action="store_true", help="ignored")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            _(
                "There are no superusers here. Make a clinic and its administrator with: manage.py setup_clinic. "
                "Everybody else is added on the page of the clinic's members."
            )
        )
