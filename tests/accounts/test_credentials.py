"""Sequences of add, accept, change of role, removal and return in two clinics: nobody reads what wasn't given to them.

Each clinic has an administrator who means to read the other one's records, and every person's account has a holder.
Whoever makes a secret knows it, whoever is told a secret knows it, and everybody tries all that they know. All of it
goes over real requests. The suite takes a few walks; `RISORIUS_WALKS=200 RISORIUS_WALK_STEPS=50` takes 10,000 steps.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clinic.accounts.models import Membership, Role, User

from .. import factories

WALKS = int(os.environ.get("RISORIUS_WALKS", "8"))
STEPS = int(os.environ.get("RISORIUS_WALK_STEPS", "25"))
SEED = int(os.environ.get("RISORIUS_WALK_SEED", "20261129"))
ACCOUNTS = ("ani@example.org", "robot@example.org")
CLINICS = ("a", "b")
LIST = "/api/v1/patients/"
TOKENS = reverse("accounts:tokens")
SCOPES = ["patients.read", "patients.write", "photos.write", "results.read"]
HOLDER = "holder"
PEOPLE = (Role.CLINICIAN, Role.REVIEWER, Role.ADMINISTRATOR)
# A long run in which one of these never came about has proved nothing of it.
NEEDED = (
    "accepted by holder",
    "session of holder reads 2",
    "token of holder reads 1",
    "session of head reads 1",
    "given back",
    "taken away",
)


@dataclass
class Link:
    """A link that was made. Its maker knows it, and so does the account's holder, to whom it was handed."""

    url: str
    account: str
    clinic: str
    invites: bool


@dataclass
class Way:
    """A session or a token of an account, and who has it in hand: "a", "b" (an administrator), or its holder."""

    account: str
    who: str
    client: Client
    clinic: str = ""
    """A token's, and empty for a session."""


@dataclass
class World:
    clinics: dict[str, Any] = field(default_factory=dict)
    heads: dict[str, Client] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    passwords: dict[str, dict[str, str]] = field(default_factory=dict)
    """By account: who knows which password, right or not any more."""


class Credentials(RuleBasedStateMachine):
    seen: Counter[str] = Counter()
    """What happened at all, over all walks: a rule that never succeeds would prove nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.numbers = itertools.count()
        self.world = World(passwords={account: {} for account in ACCOUNTS})

    def teardown(self) -> None:
        try:
            for way in self.world.ways:
                self.reads(way)
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    @initialize()
    def open_two_clinics(self) -> None:
        for name in CLINICS:
            clinic = factories.ClinicFactory(name=f"Clinic {name}")
            factories.PatientFactory(clinic=clinic, record_number=name)
            head = factories.member(clinic, Role.ADMINISTRATOR, email=f"head.{name}@example.org")
            self.world.clinics[name] = clinic
            self.world.heads[name] = self.log_in(head.email, factories.PASSWORD)

    # What can be found out and done.

    def log_in(self, email: str, password: str) -> Client:
        client = Client()
        client.post(reverse("accounts:login"), {"username": email, "password": password})
        return client

    def membership(self, clinic: str, account: str) -> Membership | None:
        found = Membership.objects.filter(clinic=self.world.clinics[clinic], user__email=account)
        return found.select_related("user").first()

    def given_to(self, who: str, account: str) -> set[str]:
        """The clinics whose records this somebody may read by way of this account."""
        if who != HOLDER:
            return {who}
        mine = Membership.objects.filter(user__email=account, is_active=True, accepted_at__isnull=False)
        open_to = set(mine.values_list("clinic_id", flat=True))
        return {name for name in CLINICS if self.world.clinics[name].pk in open_to}

    def reads(self, way: Way) -> set[str]:
        """The clinics that this way opens, which must all be given to whoever has it in hand."""
        answer = way.client.get(LIST)
        found = (
            {row["record_number"] for row in answer.json()["results"]} if answer.status_code == 200 else set()
        )
        assert found <= self.given_to(way.who, way.account), (way, found)
        if way.clinic:
            assert found <= {way.clinic}, "a token speaks for its one clinic"
        else:
            page = way.client.get(reverse("patients:list"))
            if page.status_code == 200:
                assert page.wsgi_request.clinic.name[-1] in self.given_to(way.who, way.account), way
        kind = "token" if way.clinic else "session"
        self.seen[f"{kind} of {way.who if way.who == HOLDER else 'head'} reads {len(found)}"] += 1
        return found

    def look_again(self, account: str) -> None:
        """Whatever opened this account before must open nothing that somebody has just been offered."""
        for way in self.world.ways:
            if way.account == account:
                self.reads(way)

    def keep(self, way: Way) -> None:
        self.world.ways = [*self.world.ways, way][-8:]
        self.reads(way)

    def sessions(self, who: str | None = None) -> list[Way]:
        return [way for way in self.world.ways if not way.clinic and who in (None, way.who)]

    # What administrators do.

    @rule(
        clinic=st.sampled_from(CLINICS), account=st.sampled_from(ACCOUNTS), role=st.sampled_from(Role.values)
    )
    def add(self, clinic: str, account: str, role: str) -> None:
        known = User.objects.filter(email=account).exists()
        form = {"email": account, "full_name": "Somebody", "role": role}
        answer = self.world.heads[clinic].post(reverse("accounts:members"), form)
        if answer.status_code == 302:
            accepted = self.membership(clinic, account).accepted_at is not None  # type: ignore[union-attr]
            assert accepted or known
            self.seen[f"added {'at once' if accepted else 'by invitation'}"] += 1
            self.look_again(account)

    @rule(
        clinic=st.sampled_from(CLINICS), account=st.sampled_from(ACCOUNTS), role=st.sampled_from(Role.values)
    )
    def change_role(self, clinic: str, account: str, role: str) -> None:
        member = self.membership(clinic, account)
        if member is None:
            return
        form = {"role": role, "version": str(member.version)}
        answer = self.world.heads[clinic].post(reverse("accounts:member", args=[member.pk]), form)
        before, after = member.role, Membership.objects.get(pk=member.pk).role
        self.seen[f"role {'changed' if before != after else 'kept'} {answer.status_code}"] += 1

    @rule(clinic=st.sampled_from(CLINICS), account=st.sampled_from(ACCOUNTS), active=st.booleans())
    def take_or_give_access(self, clinic: str, account: str, active: bool) -> None:
        member = self.membership(clinic, account)
        if member is None or member.is_active == active:
            return
        tokens = [way for way in self.world.ways if (way.account, way.clinic) == (account, clinic)]
        form = {"active": "yes" if active else "no"}
        self.world.heads[clinic].post(reverse("accounts:member_active", args=[member.pk]), form)
        for way in tokens:
            assert way.client.get(LIST).status_code == 401, (
                "a token ends with the membership, and stays ended"
            )
        self.seen["given back" if active else "taken away"] += 1
        self.look_again(account)

    @rule(clinic=st.sampled_from(CLINICS), account=st.sampled_from(ACCOUNTS))
    def make_link(self, clinic: str, account: str) -> None:
        member = self.membership(clinic, account)
        if member is None:
            return
        answer = self.world.heads[clinic].post(reverse("accounts:member_link", args=[member.pk]))
        if answer.status_code != 200:
            assert answer.status_code == 403
            return
        url = answer.context["link"].removeprefix("http://testserver")
        assert member.role != Role.INTEGRATION, "another system gets no link"
        self.world.links.append(Link(url, account, clinic, "/invitations/" in url))
        self.seen[f"link {'to accept' if '/invitations/' in url else 'for a password'}"] += 1

    @rule(clinic=st.sampled_from(CLINICS))
    def make_token_of_integration(self, clinic: str) -> None:
        page = self.world.heads[clinic].get(TOKENS)
        choices = page.context["form"].fields.get("user")
        for user in choices.queryset if choices else []:
            form = {"name": "x", "days": "1", "scopes": SCOPES, "user": str(user.pk)}
            made = self.world.heads[clinic].post(TOKENS, form).context["made"]
            if made and user.email in ACCOUNTS:
                self.keep(Way(user.email, clinic, self.bearing(made[1]), clinic))

    def bearing(self, text: str) -> Client:
        return Client(headers={"authorization": f"Bearer {text}"})

    # What whoever knows a secret does.

    @precondition(lambda self: self.world.links)
    @rule(data=st.data())
    def set_password(self, data: st.DataObject) -> None:
        links = [link for link in self.world.links if not link.invites]
        if not links:
            return
        link = data.draw(st.sampled_from(links))
        self.set_password_by(link, data.draw(st.sampled_from((link.clinic, HOLDER))))

    def set_password_by(self, link: Link, who: str) -> None:
        guest = Client()
        opened = guest.get(link.url, follow=True)
        if not opened.redirect_chain:
            return
        member = self.membership(link.clinic, link.account)
        assert member is not None and member.is_active, "a link ends with the access"
        password = f"password number {next(self.numbers)}"
        guest.post(opened.redirect_chain[-1][0], {"new_password1": password, "new_password2": password})
        assert User.objects.get(email=link.account).check_password(password)
        self.world.passwords[link.account][who] = password
        self.seen["password set"] += 1

    @rule(account=st.sampled_from(ACCOUNTS), who=st.sampled_from(CLINICS))
    def tell_the_holder(self, account: str, who: str) -> None:
        if known := self.world.passwords[account].get(who):
            self.world.passwords[account][HOLDER] = known

    @rule(account=st.sampled_from(ACCOUNTS), who=st.sampled_from((*CLINICS, HOLDER)))
    def open_session(self, account: str, who: str) -> None:
        known = self.world.passwords[account]
        if who not in known or not User.objects.get(email=account).check_password(known[who]):
            return
        client = self.log_in(account, known[who])
        if "_auth_user_id" in client.session:
            self.keep(Way(account, who, client))
            roles = Membership.objects.filter(user__email=account).values_list("role", flat=True)
            assert Role.INTEGRATION not in roles, "another system is never a person"

    @precondition(lambda self: self.sessions())
    @rule(data=st.data())
    def make_token(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(self.sessions()))
        answer = way.client.post(TOKENS, {"name": "x", "days": "1", "scopes": SCOPES})
        made = answer.context["made"] if answer.status_code == 200 else None
        if made:
            clinic = made[0].clinic.name[-1]
            self.keep(Way(way.account, way.who, self.bearing(made[1]), clinic))

    @precondition(lambda self: self.sessions())
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        """By somebody who has a session of the account and was handed the link, or made it."""
        way = data.draw(st.sampled_from(self.sessions()))
        known = [
            link
            for link in self.world.links
            if link.invites and link.account == way.account and way.who in (HOLDER, link.clinic)
        ]
        if known:
            self.accept_by(way, data.draw(st.sampled_from(known)))

    def accept_by(self, way: Way, link: Link) -> None:
        opened = way.client.get(link.url, follow=True)
        if opened.status_code != 200 or not opened.redirect_chain:
            return
        others = [one for one in self.world.ways if one.account == way.account and one is not way]
        password = f"password number {next(self.numbers)}"
        page = opened.redirect_chain[-1][0]
        answer = way.client.post(page, {"new_password1": password, "new_password2": password})
        if answer.status_code != 302 or answer.url != reverse("accounts:profile"):
            return
        self.world.passwords[way.account][way.who] = password
        for one in others:
            assert one.client.get(LIST).status_code in (401, 403), "what was made before ends"
        assert way.who == HOLDER or way.who == link.clinic
        self.seen[f"accepted by {way.who if way.who == HOLDER else 'head'}"] += 1
        assert way.who != HOLDER or link.clinic in self.reads(way), "what was accepted is open"

    @rule(
        clinic=st.sampled_from(CLINICS),
        account=st.sampled_from(ACCOUNTS),
        role=st.sampled_from(PEOPLE),
        who=st.sampled_from((*CLINICS, HOLDER)),
    )
    def arrive(self, clinic: str, account: str, role: str, who: str) -> None:
        """The usual way in, which single steps seldom find: added, a link, a password, a login, or an acceptance."""
        self.add(clinic, account, role)
        self.make_link(clinic, account)
        if not self.world.links or (self.world.links[-1].clinic, self.world.links[-1].account) != (
            clinic,
            account,
        ):
            return
        link = self.world.links[-1]
        if link.invites:
            for way in self.sessions(who):
                if way.account == account and who in (HOLDER, clinic):
                    self.accept_by(way, link)
                    return
        else:
            self.set_password_by(link, who if who in (clinic, HOLDER) else clinic)
            self.open_session(account, who)

    @precondition(lambda self: self.sessions())
    @rule(data=st.data())
    def change_password(self, data: st.DataObject) -> None:
        way = data.draw(st.sampled_from(self.sessions()))
        old = self.world.passwords[way.account].get(way.who)
        if old is None or not User.objects.get(email=way.account).check_password(old):
            return
        new = f"password number {next(self.numbers)}"
        form = {"old_password": old, "new_password1": new, "new_password2": new}
        way.client.post(reverse("accounts:password"), form)
        if User.objects.get(email=way.account).check_password(new):
            self.world.passwords[way.account][way.who] = new

    # What always holds.

    @precondition(lambda self: self.world.ways)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        self.reads(data.draw(st.sampled_from(self.world.ways)))

    @invariant()
    def another_system_stays_one(self) -> None:
        systems = Membership.objects.filter(role=Role.INTEGRATION).values("user_id")
        rows = Membership.objects.filter(user_id__in=systems).values_list("user_id", "role")
        assert {role for _user, role in rows} <= {Role.INTEGRATION}
        assert len({user for user, _role in rows}) == len(rows), "it belongs to one clinic"
        assert not any(user.has_usable_password() for user in User.objects.filter(pk__in=systems))


@pytest.mark.django_db
def test_nobody_reads_a_clinic_that_was_not_given_to_them() -> None:
    Credentials.seen.clear()
    walks = settings(
        max_examples=WALKS,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=False,
        database=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    machine = type("Walk", (Credentials,), {})
    machine._hypothesis_internal_use_seed = SEED  # type: ignore[attr-defined]
    run_state_machine_as_test(machine, settings=walks)
    if WALKS * STEPS >= 1000:
        sys.stdout.write(
            f"seed {SEED}, {WALKS} walks of {STEPS} steps: {dict(Credentials.seen.most_common())}\n"
        )
        for needed in NEEDED:
            assert Credentials.seen[needed], f"nothing in all walks: {needed}"
