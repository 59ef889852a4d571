"""Every page of the product, found from the URL configuration, so that a new one can't be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clinic.examination import services
from clinic.examination.scales import BY_CODE
from clinic.examination.services_scales import answer
from clinic.home.services import send_link
from clinic.patients.models import Patient
from clinic.visits.services_series import skip_exercise

from .. import factories
from ..examination.wordings import pasted
from ..home.scenes import programme_of
from ..passkeys import passkey

# Django's own pages and the machine-readable API have tests of their own kind.
ELSEWHERE = ("admin/", "api/", "i18n/", "static/")


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    path: str


@dataclass(slots=True)
class World:
    """Records in all the states that a page may have to show."""

    records: dict[str, list[Any]]
    extra: list[Place]
    parts: dict[str, str]


def _leave_out_and_pair(visit: Any, clinician: Any) -> None:
    """An exercise that was not taken, bottom teeth, and two photos that tell what moves along."""
    skip_exercise(user=clinician, visit=visit, exercise="pucker", reason="eye_protected")
    factories.PhotoFactory(visit=visit, exercise="lower_teeth", uploaded_by=clinician)
    sides = {"rest": (10.0, 10.0), "smile_with_teeth": (7.5, 9.6)}
    for exercise, (left, right) in sides.items():
        data = factories.findings(exercise=exercise)
        measures = {"palpebral_fissure": {"left": left, "right": right}}
        data["symmetry"] |= {"eyes_px": 150.0, "eyes_mm": 60.0, "measures": measures}
        photo = factories.PhotoFactory(visit=visit, exercise=exercise, uploaded_by=clinician)
        factories.AnalysisFactory(photo=photo, data=data)
    answer(user=clinician, visit=visit, scale=BY_CODE["sunnybrook"], answers={"smile_synkinesis": 1})


def make_world(clinic: Any, clinician: Any) -> World:
    """A patient with a long course and each kind of photo, one with nothing yet, and one archived."""
    import datetime as dt

    from django.utils import timezone

    now = timezone.now()
    patient = factories.PatientFactory(clinic=clinic, name="Siti Rahmawati")
    episode = factories.EpisodeFactory(
        patient=patient, onset_date=timezone.localdate() - dt.timedelta(weeks=9)
    )
    treatment = factories.TreatmentFactory(
        episode=episode,
        kind="botulinum_toxin",
        product="onabotulinumtoxin_a",
        injections=[{"muscle": "depressor_anguli_oris", "side": "left", "units": 12.5}],
        date=timezone.localdate(),
    )
    consent = factories.ConsentFactory(patient=patient, recorded_by=clinician)
    programme = programme_of(episode, clinician, message="Slowly, before a mirror.")
    corrections = [factories.CorrectionFactory(patient=patient, recorded_by=clinician)]
    corrections.append(factories.CorrectionFactory(patient=patient, recorded_by=clinician, decided=True))
    closed = factories.PatientFactory(clinic=clinic, name="Restricted Patient", restricted_at=now)
    visits = [
        factories.VisitFactory(
            episode=episode, clinician=clinician, at=now - dt.timedelta(days=21 * back), grade=grade
        )
        for back, grade in ((2, 4), (1, None), (0, 3))
    ]
    photos = []
    for visit in visits:
        for exercise in ("rest", "smile", "show_teeth"):
            photo = factories.PhotoFactory(visit=visit, exercise=exercise, uploaded_by=clinician)
            analysis = factories.AnalysisFactory(photo=photo, data=factories.findings(exercise=exercise))
            photos.append(photo)
            if visit is not visits[-1]:
                factories.ConfirmationFactory(analysis=analysis, by=clinician, exercise=exercise)
    _leave_out_and_pair(visits[-1], clinician)
    waiting = factories.PhotoFactory(visit=visits[-1], exercise="open_mouth", uploaded_by=clinician)
    factories.AnalysisFactory(photo=waiting, queued=True)
    retake = factories.PhotoFactory(visit=visits[-1], exercise="puff_cheek", uploaded_by=clinician)
    factories.rejected(retake)
    broken = factories.PhotoFactory(visit=visits[-1], exercise="sneer", side="left", uploaded_by=clinician)
    factories.failed(broken)

    long_name = "Maria Magdalena Kusumawardhani-Hadiningratwijayaningrumsarii"
    newcomer = factories.PatientFactory(clinic=clinic, name=long_name, birth_date=None)
    plain_episode = factories.EpisodeFactory(patient=newcomer, weak_side="", cause="tumour_or_surgery")
    first_visit = factories.VisitFactory(episode=plain_episode, clinician=clinician)
    bare = factories.PatientFactory(clinic=clinic, name="No Episode")
    archived = factories.PatientFactory(clinic=clinic, name="Archived Patient", archived_at=now)
    refresh(clinic)
    open_task = services.raise_task(
        user=clinician, episode=plain_episode, kind="eye_closure", plan="Tape at night.", owner=clinician
    )
    closed_task = services.raise_task(user=clinician, episode=episode, kind="follow_up", plan="Call back.")
    services.close_task(user=clinician, task=closed_task, outcome="settled", reason="Called.")
    return World(
        records={
            "patient": [patient, newcomer, bare, archived],
            "episode": [episode],
            "treatment": [treatment],
            "second": [factories.SecondReadingFactory(visit=visits[0], asked_by=clinician)],
            "programme": [programme],
            "link": [send_link(user=clinician, episode=episode)[0]],
            "consent": [consent],
            "task": [open_task, closed_task],
            "correction": corrections,
            "restricted": [closed],
            "visit": [visits[-1], visits[0], first_visit],
            "passkey": [passkey(clinician, "Reception's computer with a rather long name")],
            "invitation": [factories.MembershipFactory(user=clinician, accepted_at=None)],
            "membership": [factories.MembershipFactory(clinic=clinic)],
            "photo": [photos[-1], photos[0], waiting, retake, broken],
        },
        extra=[
            Place("filters without a hit", reverse("patients:list") + "?seen=never&cause=trauma&side=both"),
            Place("page not found", "/no-such-page/"),
        ],
        parts={"wording": str(pasted(clinician, clinic).pk)},
    )


def refresh(clinic: Any) -> None:
    from clinic.recovery.services import refresh_summary

    for patient in Patient.objects.filter(clinic=clinic):
        refresh_summary(patient_id=patient.pk)


# What a route's identifier names, by the route's beginning; the longest that fits counts.
KINDS = {
    "patients/<uuid:pk>": "patient",
    "patients/episodes/<uuid:pk>": "episode",
    "patients/treatments/<uuid:pk>": "treatment",
    "episodes/<uuid:pk>": "episode",
    "patients/consents/<uuid:pk>": "consent",
    "patients/corrections/<uuid:pk>": "correction",
    "patients/<uuid:pk>/open/": "restricted",
    "visits/<uuid:pk>": "visit",
    "photos/<uuid:pk>": "photo",
    "tasks/<uuid:pk>": "task",
    "second-readings/<uuid:pk>": "second",
    "patients/links/<uuid:pk>": "link",
    "home-programmes/<uuid:pk>": "programme",
    "account/members/<uuid:pk>": "membership",
    "account/invitations/<uuid:pk>": "invitation",
    "account/factor/passkeys/<int:pk>": "passkey",
}
# Values of the other parts of a route.
PARTS = {
    "code": "sunnybrook",
    "language": "en",
    "place": "1",
    "milestone": "toxin_recall",
    "use": "teaching",
    "key": "none",
    "uidb64": "none",
    "token": "none",
    "secret": "none",
}


def routes() -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, route and arguments of each address that belongs to the product's own pages."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, space: str, before: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if route.startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern, inner, route)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{route} has no name"
            yield space + pattern.name, route, tuple(pattern.pattern.converters)


def places(world: World, parts: dict[str, str]) -> list[Place]:
    """Each address with records to show; fails for a route that names something this module doesn't know."""
    found = [*world.extra]
    for name, route, arguments in routes():
        values = {**PARTS, **world.parts, **parts}
        if set(arguments) - {"pk"} - set(values):
            raise AssertionError(f"Say in tests/shell/places.py what {arguments} of {name} ({route}) may be.")
        kwargs = {argument: values[argument] for argument in arguments if argument != "pk"}
        if "pk" not in arguments:
            found.append(Place(name, reverse(name, kwargs=kwargs)))
            continue
        kind = next(
            (KINDS[start] for start in sorted(KINDS, key=len, reverse=True) if route.startswith(start)), ""
        )
        if not kind:
            raise AssertionError(f"Say in tests/shell/places.py which record {name} ({route}) shows.")
        # A form looks alike for everybody; the pages that show records are looked at in all their states.
        records = world.records[kind][: 1 if route.endswith(("new/", "edit/", "log/", "capture/")) else None]
        found += [Place(name, reverse(name, kwargs={**kwargs, "pk": record.pk})) for record in records]
    return found
