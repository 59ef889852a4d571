"""Two clinics that must not know of each other, with one record of each kind, and everybody who may knock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from clinic.accounts.models import Membership, Role
from clinic.accounts.services import create_token
from clinic.examination import services as examination
from clinic.examination import services_questionnaires, services_scales, services_second
from clinic.examination.scales import BY_CODE
from clinic.home.services import send_link
from clinic.recovery.services import refresh_summary
from clinic.rights import services as rights

from .. import factories
from ..examination.wordings import pasted
from ..home.scenes import programme_of

# Who asks, in the order of the table's columns. All but the last four columns are outsiders of the first clinic.
WHO = (
    "anonymous",
    "inactive",  # was deactivated while logged in, and holds a token
    "nobody",  # was a clinician of the first clinic until their access was taken away
    "stranger",  # administrator of the other clinic
    "clinician",
    "administrator",
    "reviewer",
    "integration",  # with a session on pages, with its token on the API
    "staff",  # runs the server: superuser, and member of no clinic
)
MEMBERS = ("clinician", "administrator", "reviewer", "integration")


@dataclass
class Place:
    """One clinic with its records. `word` stands in every text on a patient, `house` in all that names people."""

    word: str
    house: str
    records: SimpleNamespace = field(default_factory=SimpleNamespace)

    def ids(self) -> set[str]:
        """The identifiers of everything there."""
        found = {str(value.pk) for value in vars(self.records).values() if hasattr(value, "pk")}
        return {pk for pk in found if not pk.isdigit()}  # a person's number says nothing


@dataclass
class World:
    mine: Place
    other: Place
    users: dict[str, Any]
    clients: dict[str, Client]
    tokens: dict[str, str]

    def client(self, who: str) -> Client:
        return self.clients[who]


def build() -> World:
    """Both clinics, alike in everything but their words."""
    mine, other = Place("mangga", "melur"), Place("zaitun", "kemuning")
    for place in (mine, other):
        place.records = _clinic(place)
    first = mine.records.clinic
    gone = factories.member(first, full_name="Former Colleague")
    Membership.objects.filter(user=gone).update(is_active=False)
    inactive = factories.member(first, full_name="Idle Colleague")
    users = {
        "inactive": inactive,
        "nobody": gone,
        "stranger": other.records.administrator,
        **{role: getattr(mine.records, role) for role in MEMBERS},
        "staff": factories.UserFactory(full_name="Server Keeper", is_staff=True, is_superuser=True),
    }
    clients = {"anonymous": Client()}
    tokens = {}
    for who, user in users.items():
        clients[who] = Client()
        clients[who].force_login(user)
        if who in ("inactive", "integration"):
            tokens[who] = create_token(user=user, name="matrix", days=30)[1]
    inactive.is_active = False
    inactive.save()
    return World(mine, other, users, clients, tokens)


def _whole(code: str) -> dict[str, Any]:
    """The first answer of each of the scale's items."""
    return {item.code: item.choices[0].value for item in BY_CODE[code].items}


def _clinic(place: Place) -> SimpleNamespace:
    word, house = place.word, place.house
    clinic = factories.ClinicFactory(name=f"Clinic {house}")

    def person(role: str) -> Any:
        return factories.member(
            clinic, role, full_name=f"Person {house} {role}", email=f"{role}.{house}@example.org"
        )

    people = {role: person(role) for role in Role.values}
    clinician = people[Role.CLINICIAN]

    def patient(number: int, **fields: Any) -> Any:
        return factories.PatientFactory(
            clinic=clinic,
            name=f"Patient {word} {number}",
            record_number=f"{word}-{number}",
            phone=f"081-{word}",
            email=f"p{number}.{word}@example.org",
            languages=word,
            **fields,
        )

    one = patient(1)
    now = timezone.now()
    episode = factories.EpisodeFactory(patient=one, notes=f"note {word}")
    visit = factories.VisitFactory(
        episode=episode, clinician=clinician, impression=f"impression {word}", grade=3
    )
    photo = factories.PhotoFactory(visit=visit, exercise="smile", uploaded_by=clinician)
    analysis = factories.AnalysisFactory(photo=photo)
    failed = factories.PhotoFactory(visit=visit, exercise="sneer", uploaded_by=clinician)
    factories.failed(failed, "timed_out")
    member = factories.MembershipFactory(
        clinic=clinic,
        user=factories.UserFactory(full_name=f"Person {house} member", email=f"member.{house}@example.org"),
    )
    invitation = factories.MembershipFactory(
        clinic=clinic,
        user=factories.UserFactory(full_name="Invited Person", email=f"invited.{house}@example.org"),
        accepted_at=None,
    )
    create_token(user=clinician, name=f"token {house}", days=30)
    restricted = patient(4)
    restricted_episode = factories.EpisodeFactory(patient=restricted, notes=f"note {word}")
    restricted_visit = factories.VisitFactory(episode=restricted_episode, clinician=clinician)
    restricted_photo = factories.PhotoFactory(visit=restricted_visit, exercise="smile", uploaded_by=clinician)
    held = patient(5)
    head = people[Role.ADMINISTRATOR]
    rights.restrict(user=head, patient=restricted, ground="disputed", reason="asked", address=None)
    rights.hold(user=head, patient=held, reason="asked", address=None)
    correction = rights.ask_correction(
        user=head, patient=one, received_on=timezone.localdate(), disputed=f"disputed {word}", address=None
    )
    sibling = patient(2)
    sibling_episode = factories.EpisodeFactory(patient=sibling, notes=f"note {word}")
    # Its recall is asked for in two weeks, whichever visit there is now.
    factories.TreatmentFactory(
        episode=sibling_episode, kind="botulinum_toxin", date=timezone.localdate(), note=f"treated {word}"
    )
    # Of patients of their own: who reads one blind sees nothing else of it.
    asked, read = patient(6), patient(7)
    seconds = []
    for someone in (asked, read):
        graded = factories.VisitFactory(
            episode=factories.EpisodeFactory(patient=someone, notes=f"note {word}"),
            clinician=member.user,
            grade=3,
        )
        factories.PhotoFactory(visit=graded, exercise="smile", uploaded_by=member.user)
        seconds.append(services_second.ask_for_second_reading(user=member.user, visit=graded))
    services_second.take_second_reading(user=clinician, second=seconds[1])
    records = SimpleNamespace(
        second=seconds[0],
        own_second=seconds[1],
        **people,
        clinic=clinic,
        patient=one,
        archived_patient=patient(3, archived_at=now),
        episode=episode,
        treatment=factories.TreatmentFactory(episode=episode, note=f"treated {word}"),
        consent=factories.ConsentFactory(patient=one, recorded_by=clinician),
        visit=visit,
        archived_visit=factories.VisitFactory(
            episode=episode,
            clinician=clinician,
            impression=f"archived {word}",
            archived_at=now,
            at=now - dt.timedelta(days=2),
        ),
        photo=photo,
        failed_photo=failed,
        archived_photo=factories.PhotoFactory(
            visit=visit, exercise="rest", uploaded_by=clinician, archived_at=now
        ),
        analysis=analysis,
        task=examination.raise_task(
            user=clinician, episode=episode, kind="eye_closure", owner=clinician, plan=f"plan {word}"
        ),
        closed_task=examination.close_task(
            user=clinician,
            task=examination.raise_task(
                user=clinician, episode=episode, kind="follow_up", plan=f"plan {word}"
            ),
            outcome="treated",
        ),
        assessment=services_scales.answer(
            user=clinician, visit=visit, scale=BY_CODE["yanagihara"], answers=_whole("yanagihara")
        ),
        finished_assessment=services_scales.finish(
            user=clinician,
            assessment=services_scales.answer(
                user=clinician, visit=visit, scale=BY_CODE["fngs"], answers=_whole("fngs")
            ),
        ),
        wording=(wording := pasted(people[Role.ADMINISTRATOR], clinic)),
        patient_link=services_questionnaires.send_questionnaire(
            user=clinician, episode=episode, wording=wording
        )[0],
        home=(programme := programme_of(episode, clinician, message=f"home {word}")),
        home_link=send_link(user=clinician, episode=programme.episode)[0],
        confirmation=factories.ConfirmationFactory(
            analysis=analysis, by=clinician, comment=f"comment {word}"
        ),
        membership=member,
        invitation=invitation,
        restricted_patient=restricted,
        restricted_visit=restricted_visit,
        restricted_photo=restricted_photo,
        held_patient=held,
        correction=correction,
        passkey=Authenticator.objects.create(
            user=member.user, type=Authenticator.Type.WEBAUTHN, data={"name": f"key {house}"}
        ),
        # The same clinic's other patient: what is nested under one must not reach the other.
        sibling=sibling,
        sibling_episode=sibling_episode,
        sibling_visit=factories.VisitFactory(episode=sibling_episode, clinician=clinician),
        token=AuthToken.objects.get(user=clinician),
    )
    for someone in (one, sibling, records.archived_patient):
        refresh_summary(patient_id=someone.pk)
    return records
