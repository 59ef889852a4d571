"""A patient's record: details, episodes, treatments, consents, archive."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.patients import services
from clinic.patients.models import Consent, Patient, Treatment

from .. import factories
from ..forms import edited


def url(name: str, record: Any) -> str:
    return reverse(f"patients:{name}", args=[record.pk])


def text(client: Any, name: str, record: Any) -> str:
    answer = client.get(url(name, record))
    assert answer.status_code == 200
    return str(answer.content.decode())


def ago(**span: int) -> dt.date:
    return timezone.localdate() - dt.timedelta(**span)


PERSON = {
    "name": "Rina Kusuma",
    "record_number": "R-1",
    "birth_date": "1980-05-17",
    "sex": "female",
    "phone": "",
    "email": "",
    "languages": "",
}


def test_the_banner_tells_whom_the_page_is_about(as_clinician, clinic) -> None:
    born = timezone.localdate().replace(year=1980) - dt.timedelta(days=1)
    patient = factories.PatientFactory(
        clinic=clinic, name="Rina Kusuma", record_number="R-77", birth_date=born
    )
    factories.EpisodeFactory(patient=patient, weak_side="right", onset_date=ago(weeks=7))
    years = timezone.localdate().year - 1980
    for tab in ("detail", "visits", "photos", "record", "log", "edit", "episode_new"):
        page = text(as_clinician, tab, patient)
        banner = page[page.index("banner-identity") : page.index("</section>")]
        for part in ("Rina Kusuma", "R-77", f"{years} years", "Weak on the right", "week 7"):
            assert part in banner, (tab, part)
        title = page[page.index("<title>") : page.index("</title>")]
        assert "Rina" not in title


def test_tabs_lead_to_every_page_of_the_patient(as_clinician, patient) -> None:
    page = text(as_clinician, "record", patient)
    for tab in ("detail", "visits", "photos", "record", "log"):
        assert f'href="{url(tab, patient)}"' in page
    assert f'aria-current="page" href="{url("record", patient)}"' in page


def test_details_can_be_changed_and_the_log_tells_from_what_to_what(as_clinician, clinician, patient) -> None:
    before = patient.name
    answer = as_clinician.post(url("edit", patient), edited(patient, PERSON, phone="0812"))
    assert answer.url == url("record", patient)
    patient.refresh_from_db()
    assert (patient.name, patient.phone) == ("Rina Kusuma", "0812")
    log = text(as_clinician, "log", patient)
    assert f"<del>{before}</del>" in log and "<ins>Rina Kusuma</ins>" in log
    assert clinician.full_name in log


def test_a_form_starts_with_what_is_stored(as_clinician, patient) -> None:
    page = text(as_clinician, "edit", patient)
    assert patient.name in page and patient.record_number in page and 'value="1980-05-17"' in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"birth_date": ""}, None),
        ({"birth_date": "2199-01-01"}, "The birth date lies in the future."),
        ({"record_number": "TAKEN"}, "This record number is taken by another patient of the clinic."),
        ({"name": " "}, "This field is required."),
    ],
)
def test_a_refused_change_keeps_the_typing_and_the_banner(
    as_clinician, clinic, patient, change, sentence
) -> None:
    factories.PatientFactory(clinic=clinic, record_number="TAKEN")
    answer = as_clinician.post(
        url("edit", patient), edited(patient, {**PERSON, "languages": "Sundanese", **change})
    )
    if sentence is None:
        assert answer.status_code == 302
        return
    page = answer.content.decode()
    assert sentence in page and "Sundanese" in page
    assert patient.name in page[page.index("banner-name") : page.index("banner-number")]
    patient.refresh_from_db()
    assert patient.languages == ""


def test_a_birth_date_after_an_onset_is_refused(as_clinician, episode) -> None:
    born = (episode.onset_date + dt.timedelta(days=1)).isoformat()
    page = as_clinician.post(
        url("edit", episode.patient), edited(episode.patient, PERSON, birth_date=born)
    ).content.decode()
    assert "before this birth date" in page


def test_episodes_are_opened_and_changed(as_clinician, patient) -> None:
    typed = {
        "cause": "trauma",
        "weak_side": "both",
        "onset_date": ago(weeks=2).isoformat(),
        "notes": "Fell off a motorcycle.",
    }
    assert as_clinician.post(url("episode_new", patient), typed).url == url("record", patient)
    episode = patient.episodes.get()
    page = text(as_clinician, "record", patient)
    assert "Trauma" in page and "Weak on both sides" in page and "Fell off a motorcycle." in page
    assert (
        as_clinician.post(url("episode_edit", episode), edited(episode, typed, weak_side="none")).status_code
        == 302
    )
    episode.refresh_from_db()
    assert episode.weak_side == ""
    log = text(as_clinician, "log", patient)
    assert "<del>Both</del>" in log and "<ins>nothing</ins>" in log


def test_an_onset_after_a_visit_of_the_episode_is_refused(as_clinician, visit) -> None:
    episode = visit.episode
    type(visit).objects.filter(pk=visit.pk).update(at=timezone.now() - dt.timedelta(days=10))
    typed = {"cause": "stroke", "weak_side": "left", "onset_date": ago(days=3).isoformat(), "notes": "kept"}
    page = as_clinician.post(url("episode_edit", episode), edited(episode, typed)).content.decode()
    assert "before this onset" in page and "kept" in page


def test_treatments_are_recorded_changed_and_taken_off(as_clinician, episode) -> None:
    typed = {"kind": "steroids", "date": ago(weeks=7).isoformat(), "note": "Prednisolone 60 mg"}
    as_clinician.post(url("treatment_new", episode), typed)
    treatment = Treatment.objects.get()
    page = text(as_clinician, "record", episode.patient)
    assert "Steroids" in page and "Prednisolone 60 mg" in page and "week 1" in page
    as_clinician.post(url("treatment_edit", treatment), edited(treatment, typed, note="Prednisolone 50 mg"))
    as_clinician.post(url("treatment_archive", treatment))
    assert "Prednisolone" not in text(as_clinician, "record", episode.patient)
    assert Treatment.objects.count() == 1, "taken off the record, not deleted"
    log = text(as_clinician, "log", episode.patient)
    assert "<del>Prednisolone 60 mg</del>" in log and "<ins>Prednisolone 50 mg</ins>" in log
    assert "archived" in log
    assert as_clinician.get(url("treatment_edit", treatment)).status_code == 404


@pytest.mark.parametrize(("day", "sentence"), [("2199-01-01", "in the future"), ("1970-01-01", "birth")])
def test_a_treatment_has_a_sensible_date(as_clinician, episode, day: str, sentence: str) -> None:
    typed = {"kind": "surgery", "date": day, "note": "Gold weight"}
    page = as_clinician.post(url("treatment_new", episode), typed).content.decode()
    assert sentence in page and "Gold weight" in page
    assert not Treatment.objects.exists()


def give(client: Any, patient: Patient, use: str, day: dt.date | None = None) -> Any:
    given_on = (day or timezone.localdate()).isoformat()
    return client.post(url("consent_give", patient), {"use": use, "given_on": given_on})


@pytest.mark.parametrize("use", ["record", "teaching", "publication", "model_training"])
def test_consent_is_given_revoked_and_given_again_with_its_history(
    as_clinician, clinician, patient, use: str
) -> None:
    assert give(as_clinician, patient, use, ago(days=30)).status_code == 302
    first = Consent.objects.get()
    assert (first.use, first.recorded_by) == (use, clinician)
    as_clinician.post(url("consent_revoke", first))
    first.refresh_from_db()
    assert first.revoked_by == clinician and first.revoked_at is not None
    assert "Revoked on" in text(as_clinician, "record", patient)
    give(as_clinician, patient, use)
    assert Consent.objects.count() == 2
    page = text(as_clinician, "record", patient)
    assert "1 earlier consent" in page
    log = text(as_clinician, "log", patient)
    assert log.count("given") >= 2 and "revoked" in log


def test_uses_are_independent(as_clinician, patient) -> None:
    give(as_clinician, patient, "record")
    give(as_clinician, patient, "teaching")
    as_clinician.post(url("consent_revoke", Consent.objects.get(use="teaching")))
    assert [c.use for c in Consent.objects.in_force()] == ["record"]
    banner = text(as_clinician, "record", patient)
    banner = banner[banner.index("banner-consents") : banner.index("</section>")]
    assert "Clinical record" in banner and "Teaching" not in banner
    give(as_clinician, patient, "model_training")
    give(as_clinician, patient, "teaching")
    named = [c.use for c in Consent.objects.in_force()]
    assert named == ["record", "teaching", "model_training"], "always in the same order"


def test_a_consent_is_in_force_once_and_revoked_once(as_clinician, patient) -> None:
    give(as_clinician, patient, "record")
    assert "already in force" in give(as_clinician, patient, "record").content.decode()
    consent = Consent.objects.get()
    as_clinician.post(url("consent_revoke", consent))
    at = Consent.objects.get().revoked_at
    again = as_clinician.post(url("consent_revoke", consent), follow=True)
    assert "already revoked" in again.content.decode()
    assert Consent.objects.get().revoked_at == at


@pytest.mark.parametrize(
    ("use", "day", "sentence"),
    [
        ("teaching", "2199-01-01", "This date lies in the future."),
        ("teaching", "", "This field is required."),
        ("teaching", "1979-01-01", "before the patient&#x27;s birth"),
        ("sale", "2026-01-01", "Please choose what the consent is for."),
        ("%s", "2026-01-01", "Please choose what the consent is for."),
    ],
)
def test_a_wrong_consent_says_so_beside_its_use(as_clinician, patient, use, day, sentence) -> None:
    answer = as_clinician.post(url("consent_give", patient), {"use": use, "given_on": day})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Consent.objects.exists()


def test_archiving_hides_and_deletes_nothing(as_clinician, visit) -> None:
    patient = visit.patient
    as_clinician.post(url("archive", patient))
    patient.refresh_from_db()
    assert patient.archived_at is not None
    # Once the list offers to take it back; it is no row of it, and the next time it is not there at all.
    offered = text_of_list(as_clinician)
    assert (
        f'action="{url("restore", patient)}"' in offered and f'href="{url("detail", patient)}"' not in offered
    )
    assert url("detail", patient) not in text_of_list(as_clinician)
    page = text(as_clinician, "record", patient)
    assert "This record was archived" in page and "Bell&#x27;s palsy" in page
    assert patient.visits.count() == 1 and patient.episodes.count() == 1
    as_clinician.post(url("restore", patient))
    assert f'href="{url("detail", patient)}"' in text_of_list(as_clinician)
    log = text(as_clinician, "log", patient)
    assert "archived" in log and "restored" in log


def text_of_list(client: Any) -> str:
    return str(client.get(reverse("patients:list")).content.decode())


def test_an_archived_record_is_read_only(as_clinician, clinician, patient, episode) -> None:
    treatment = factories.TreatmentFactory(episode=episode)
    consent = factories.ConsentFactory(patient=patient)
    services.archive_patient(user=clinician, patient=patient)
    page = text(as_clinician, "record", patient)
    for name, record in (("edit", patient), ("episode_new", patient), ("episode_edit", episode)):
        assert url(name, record) not in page
    refused = as_clinician.post(url("edit", patient), edited(patient, PERSON))
    assert "This record is archived" in refused.content.decode()
    as_clinician.post(url("treatment_archive", treatment))
    treatment.refresh_from_db()
    assert treatment.archived_at is None
    assert "Restore it before changing it." in give(as_clinician, patient, "teaching").content.decode()
    assert Consent.objects.count() == 1
    # Taking a consent back must work at any time.
    as_clinician.post(url("consent_revoke", consent))
    assert not Consent.objects.in_force().exists()


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PURGE"])
def test_pages_are_looked_at_and_posted_to_and_nothing_else(as_clinician, patient, method) -> None:
    for address in (
        url("record", patient),
        url("edit", patient),
        url("archive", patient),
        "/",
        "/account/login/",
    ):
        answer = as_clinician.generic(method, address)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST"), address


def test_nothing_of_a_record_can_be_deleted_over_the_pages(as_clinician, patient, episode) -> None:
    assert as_clinician.get(url("archive", patient)).status_code == 405, "archiving is no link to follow"
    patient.refresh_from_db()
    assert patient.archived_at is None


def test_services_refuse_fields_that_are_not_theirs(clinician, patient) -> None:
    with pytest.raises(TypeError):
        services.update_patient(user=clinician, patient=patient, archived_at=timezone.now())
    with pytest.raises(ValidationError):
        services.update_patient(user=clinician, patient=patient, sex="unheard of")
