"""Writes the clinic's confirmed photos, without names, for training models."""

from __future__ import annotations

import logging
import sys
import uuid
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from clinic.accounts.models import Clinic, User
from clinic.store import files
from clinic.visits import policies, training_set
from inference.management.commands.analyse_photos import ProgressBar

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Writes confirmed photos of patients who consent to model training, without names, dates or metadata, to an "
        "empty folder. Each photo is logged as exported. `python -m ml_training.clinic_photos` makes a data set of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--clinic",
            type=uuid.UUID,
            help="the clinic's identifier; without it, the person's clinics are listed",
        )
        parser.add_argument("--out", type=Path, required=True, help="a folder that is empty or not there yet")
        parser.add_argument(
            "--by", required=True, help="e-mail address of the administrator of the clinic who exports"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user, clinic = self._who(options["by"], options["clinic"])
        try:
            folder = training_set.check_folder(options["out"])
            manifest = self._export(user, clinic, folder)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except files.DecryptionError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("The folder can't be written: %(why)s.") % {"why": error.strerror}
            ) from error
        logger.info(
            "Training set %s of clinic %s exported by user %s: %d photos of %d people",
            manifest["export"], clinic.pk, user.pk, manifest["photos"], manifest["people"],
        )  # fmt: skip
        self.stdout.write(
            self.style.SUCCESS(
                _("Training set %(name)s is written. Confirmed photos: %(photos)d; people: %(people)d.")
                % {"photos": manifest["photos"], "people": manifest["people"], "name": manifest["export"]}
            )
        )
        for reason, count in manifest["left_out"].items():
            self.stdout.write(f"  {count} left out: {reason}")

    def _who(self, email: str, clinic_id: uuid.UUID | None) -> tuple[User, Clinic]:
        """The exporting administrator and their clinic; whoever may not see it learns nothing of it."""
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        clinics = Clinic.objects.visible_to(user) if user else Clinic.objects.none()
        clinic = clinics.filter(pk=clinic_id).first()
        if user is None or clinic is None:
            listed = [f"--clinic {one.pk}  {one.name}" for one in clinics] if clinic_id is None else []
            raise CommandError("\n".join(listed) or _("This person has no such clinic."))
        if not policies.can_export_training_set(user, clinic.pk):
            raise CommandError(_("Only an administrator of the clinic may export a training set."))
        return user, clinic

    def _export(self, user: User, clinic: Clinic, folder: Path) -> dict[str, Any]:
        bar: list[ProgressBar] = []

        def report(done: int, total: int) -> None:
            if not bar:
                bar.append(ProgressBar(total, sys.stderr, unit="patients"))
            bar[0].advance()

        try:
            return training_set.export(user=user, clinic=clinic, folder=folder, report=report)
        finally:
            if bar:
                bar[0].clear()
