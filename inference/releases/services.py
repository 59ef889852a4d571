"""What is done with model releases: let in, use, run beside, retire. Each act is kept with who, when and why."""

from __future__ import annotations

import logging
from pathlib import Path

from django.db import transaction

from inference.jobs import backlog
from inference.models import ModelRelease, ReleaseChange, ReleaseState
from inference.pipeline.errors import PipelineError

from . import admission, registry
from .admission import Refused

logger = logging.getLogger(__name__)


def register(*, folder: Path, by: str, why: str = "") -> ModelRelease:
    """Let a release in. Raises Refused, and then nothing has changed."""
    admitted = admission.examine(folder)
    name, mark = admitted.release.name, admitted.fingerprint
    with transaction.atomic():
        known = ModelRelease.objects.select_for_update().filter(name=name).first()
        if known is None:
            found = ModelRelease.objects.create(name=name, fingerprint=mark)
            _note(found, "", by, why)
            return found
        if known.fingerprint != mark:
            raise Refused(
                f"Another release was registered as {name}. Results are told apart by that name: give the new "
                "one a name of its own."
            )
        if known.state != ReleaseState.RETIRED:
            raise Refused(f"{name} is registered already.")
        return _move(known, ReleaseState.REGISTERED, by, why)


def activate(*, name: str, by: str, why: str = "") -> ModelRelease:
    """Use a registered release for all photos from now on; the one before stays installed. Raises Refused."""
    with transaction.atomic():
        found = _sound(name)
        if found.state == ReleaseState.ACTIVE:
            raise Refused(f"{name} is in use already.")
        if found.state == ReleaseState.RETIRED:
            raise Refused(f"{name} is retired. Register it again first.")
        _step_back(ReleaseState.ACTIVE, by, f"{name} took its place")
        return _move(found, ReleaseState.ACTIVE, by, why)


def shadow(*, name: str, by: str, why: str = "") -> ModelRelease:
    """Run a registered release beside the one in use, its results unseen. Raises Refused."""
    with transaction.atomic():
        found = _sound(name)
        if found.state == ReleaseState.ACTIVE or registry.active().name == name:
            raise Refused(f"{name} is in use; a release can't run beside itself.")
        if found.state == ReleaseState.SHADOW:
            raise Refused(f"{name} runs beside the release in use already.")
        if found.state == ReleaseState.RETIRED:
            raise Refused(f"{name} is retired. Register it again first.")
        _step_back(ReleaseState.SHADOW, by, f"{name} took its place")
        return _move(found, ReleaseState.SHADOW, by, why)


def retire(*, name: str, by: str, why: str = "") -> ModelRelease:
    """Use a release no more; its results stay. After the one in use, the shipped one follows. Raises Refused."""
    with transaction.atomic():
        found = _registered(name)
        if found.state == ReleaseState.RETIRED:
            raise Refused(f"{name} is retired already.")
        if found.state == ReleaseState.ACTIVE:
            _need_a_default(name)
        return _move(found, ReleaseState.RETIRED, by, why)


def note_reanalysis(*, name: str, photos: int, by: str) -> None:
    """Keep that a release was sent over old photos; the shipped default has no row to keep it in."""
    found = ModelRelease.objects.filter(name=name).first()
    if found is not None:
        ReleaseChange.objects.create(
            release=found, before=found.state, after=found.state, by=by, photos=photos
        )


def _registered(name: str) -> ModelRelease:
    # One act at a time: two that cross would both step back the same release.
    rows = {row.name: row for row in ModelRelease.objects.select_for_update()}
    if name not in rows:
        raise Refused(f"No release {name} is registered. Register its folder first.")
    return rows[name]


def _sound(name: str) -> ModelRelease:
    found = _registered(name)
    try:
        registry.check(name)
    except PipelineError as error:
        raise Refused(str(error)) from error
    return found


def _need_a_default(name: str) -> None:
    default = registry.default_name()
    retired = ModelRelease.objects.filter(name=default, state=ReleaseState.RETIRED).exists()
    if not default or default == name or retired:
        raise Refused(f"{name} is in use, and nothing would take its place. Activate another release first.")
    try:
        registry.check(default)
    except PipelineError as error:
        raise Refused(
            f"{name} is in use, and the shipped release could not take its place: {error}"
        ) from error


def _step_back(state: str, by: str, why: str) -> None:
    for row in ModelRelease.objects.filter(state=state):
        _move(row, ReleaseState.REGISTERED, by, why)


def _move(release: ModelRelease, after: str, by: str, why: str) -> ModelRelease:
    before, release.state = release.state, after
    release.save(update_fields=["state"])
    _note(release, before, by, why)
    if before == ReleaseState.SHADOW or after == ReleaseState.RETIRED:
        backlog.cancel_of(release=release.name)
    return release


def _note(release: ModelRelease, before: str, by: str, why: str) -> None:
    ReleaseChange.objects.create(
        release=release, before=before, after=release.state, by=by[:150], why=why.strip()[:300]
    )
    logger.info("Model release %s: %s to %s", release.pk, before or "new", release.state)
    transaction.on_commit(registry.forget)
