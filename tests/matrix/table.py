"""The permission matrix: who gets what answer from which address. Add a row here for each new address.

A row names the address (as in `reverse`), the method, and the answer to each of `world.WHO`:

    ok     the answer of the row (200 for GET and 302 for POST unless `status` says otherwise)
    login  to the login page, or 401 from the API
    403    seen, and not permitted; or a page of a clinic for somebody who works in none
    404    not there, for whoever may not even know of it

`on` is the record that the address names (an attribute of the clinic's records in `world.py`); such a row is asked of
the members with the other clinic's record too, who must get what the stranger gets. `body` is what is sent; `sees` a
word that the allowed answer must hold: by default the clinic's own word wherever a record is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from .more import MODEL, OF_THE_API, SUGGESTIONS, TASKS, TASKS_API
from .rows import (
    API,
    API_CLOSED,
    API_CONFIRM,
    API_OWN,
    API_PLACE,
    API_WRITE,
    AWAY,
    BACK_ROOM,
    CLOSED,
    CORRECTION,
    DECIDE,
    HEAD,
    KEEP,
    KEEP_ONE,
    MY_TOKEN,
    NAMED,
    NEW_EPISODE,
    NEW_PATIENT,
    NOT_MINE,
    NOT_THERE,
    NOTHING,
    PAGE,
    PLACE,
    PLACE_WRITE,
    PUBLIC,
    REASON,
    ROLE,
    SELF,
    TO_LOGIN,
    UNSEEN,
    WRITE,
    Row,
    get,
    patch,
    post,
    resource,
    today,
    upload,
)
from .table_statements import STATEMENTS, STATEMENTS_API

PAGES = [
    get("today", PLACE, sees=NOTHING),
    # --- patients ---
    get("patients:list", PLACE),
    post("patients:search", PLACE, body=lambda r: {"q": "Patient"}, sees=NOTHING),
    get("patients:new", PLACE_WRITE, sees=NOTHING),
    post(
        "patients:new",
        PLACE_WRITE,
        body=lambda r: {**NEW_PATIENT, **NEW_EPISODE},
    ),
    get("patients:detail", PAGE, "patient"),
    get("patients:visits", PAGE, "patient"),
    get("patients:photos", PAGE, "patient"),
    get("patients:record", PAGE, "patient"),
    get("patients:log", PAGE, "patient"),
    get("patients:log", PAGE, "patient", query="?show=reads"),
    get("patients:edit", WRITE, "patient"),
    post(
        "patients:edit", WRITE, "patient", lambda r: {"record_number": r.patient.record_number, "name": "X Y"}
    ),
    post("patients:archive", WRITE, "patient"),
    post("patients:restore", WRITE, "archived_patient"),
    get("patients:episode_new", WRITE, "patient"),
    post("patients:episode_new", WRITE, "patient", lambda r: NEW_EPISODE),
    get("patients:episode_edit", WRITE, "episode"),
    post("patients:episode_edit", WRITE, "episode", lambda r: {**NEW_EPISODE, "notes": "changed"}),
    get("patients:treatment_new", WRITE, "episode"),
    post("patients:treatment_new", WRITE, "episode", lambda r: {"kind": "surgery", "date": today()}),
    get("patients:treatment_edit", WRITE, "treatment"),
    post("patients:treatment_edit", WRITE, "treatment", lambda r: {"kind": "surgery", "date": today()}),
    post("patients:treatment_archive", WRITE, "treatment"),
    post("patients:consent_give", WRITE, "patient", lambda r: {"use": "teaching", "given_on": today()}),
    post("patients:consent_revoke", WRITE, "consent"),
    # --- rights ---
    get("patients:restricted", HEAD, sees=NOTHING),
    get("patients:rights", WRITE, "patient"),
    post("patients:export", WRITE, "patient", status=200, reads=True, writes=False),
    get("patients:correction_new", WRITE, "patient"),
    post(
        "patients:correction_new",
        WRITE,
        "patient",
        lambda r: {"received_on": today(), "disputed": "the date"},
    ),
    get("patients:correction", WRITE, "correction"),
    post(
        "patients:correction",
        WRITE,
        "correction",
        lambda r: {"state": "statement", "answer": "no", "statement": "s"},
    ),
    get("patients:restrict", WRITE, "patient"),
    post("patients:restrict", WRITE, "patient", lambda r: {"ground": "disputed", **REASON}),
    get("patients:lift", CLOSED, "restricted_patient", sees=NOTHING),
    post("patients:lift", CLOSED, "restricted_patient", lambda r: REASON),
    get("patients:hold", DECIDE, "patient"),
    post("patients:hold", DECIDE, "patient", lambda r: REASON),
    get("patients:hold_lift", DECIDE, "held_patient"),
    post("patients:hold_lift", DECIDE, "held_patient", lambda r: REASON),
    get("patients:erase", DECIDE, "patient"),
    post("patients:erase", DECIDE, "sibling", lambda r: {**REASON, "understood": "on"}),
    get("patients:open", DECIDE, "restricted_patient", sees=NOTHING),
    post("patients:open", DECIDE, "restricted_patient", lambda r: REASON, reads=True),
    post("patients:close", PAGE, "patient", writes=False),
    get("patients:detail", CLOSED, "restricted_patient"),
    get("patients:record", CLOSED, "restricted_patient"),
    post("patients:edit", CLOSED, "restricted_patient", lambda r: NEW_PATIENT),
    get("visits:detail", UNSEEN, "restricted_visit"),
    get("visits:file", UNSEEN, "restricted_photo"),
    get("visits:thumbnail", UNSEEN, "restricted_photo"),
    # --- the log ---
    get("audit:clinic", HEAD, sees="house"),
    post("audit:clinic", HEAD, body=lambda r: {"record_number": r.patient.record_number}, sees=NOTHING),
    get("audit:patient", DECIDE, "patient"),
    get("audit:patient_csv", DECIDE, "patient"),
    # --- recovery ---
    get("recovery:csv", PAGE, "patient"),
    get("recovery:data", PAGE, "patient", sees="visits"),
    get("recovery:compare", PAGE, "patient"),
    get("recovery:aligned", PAGE, "photo", sees=NOTHING, reads=True),
    *TASKS,
    *SUGGESTIONS,
    # --- visits ---
    get("visits:new", WRITE, "patient"),
    post(
        "visits:new",
        WRITE,
        "patient",
        lambda r: {"episode": str(r.episode.pk), "at": f"{today()}T00:01"},
    ),
    get("visits:detail", PAGE, "visit"),
    get("visits:board", PAGE, "visit", sees="photos", reads=False),
    post("visits:edit", WRITE, "visit", lambda r: {"impression": "changed", "grade": "4"}),
    post("visits:upload", WRITE, "visit", lambda r: {"photo": upload(), "exercise": "pucker"}),
    get("visits:capture", WRITE, "visit"),
    get("visits:photo", PAGE, "photo"),
    get("visits:photo_card", PAGE, "photo", sees="photos", reads=False),
    get("visits:photo_check", PAGE, "photo", sees="good", reads=False),
    get("visits:photo_result", PAGE, "photo", sees="smile", reads=False),
    post(
        "visits:confirm",
        WRITE,
        "photo",
        lambda r: {**CORRECTION, "analysis": str(r.analysis.pk), "named": NAMED},
    ),
    get("visits:file", PAGE, "photo", sees=NOTHING, reads=True),
    get("visits:thumbnail", PAGE, "photo", sees=NOTHING, reads=True),
    get("visits:review", PLACE, sees=NOTHING),
    # --- analysis ---
    get("inference:status", PLACE, sees=NOTHING),
    get("inference:models", PLACE, sees=NOTHING),
    get("inference:release", PLACE, args={"name": "release"}, sees=NOTHING),
    get("inference:figure", PLACE, args={"name": "release", "file": "figure"}, sees=NOTHING),
]

ACCOUNT = [
    get("accounts:login", "ok ok 302 302 302 302 302 302 302", sees=NOTHING),
    post("accounts:login", "ok ok 302 302 302 302 302 302 302", body=lambda r: {}, status=200, sees=NOTHING),
    post("accounts:logout", TO_LOGIN, sees=NOTHING),
    get("accounts:session", SELF, sees=NOTHING),
    post("accounts:session_stay", SELF, status=200, sees=NOTHING),
    get("accounts:locked", SELF, status=302, sees=NOTHING),
    get("accounts:sessions", SELF, sees=NOTHING),
    post("accounts:sessions", SELF, body=lambda r: {"which": "others"}, sees=NOTHING),
    get("accounts:set_password", PUBLIC, args={"uidb64": "none", "token": "none"}, sees=NOTHING),
    post(
        "accounts:set_password",
        PUBLIC,
        args={"uidb64": "none", "token": "none"},
        status=200,
        sees=NOTHING,
    ),
    post("accounts:language", SELF, body=lambda r: {"language": "id"}, sees=NOTHING),
    post(
        "accounts:switch_clinic",
        "login login 404 404 ok ok ok 404 404",
        body=lambda r: {"clinic": str(r.clinic.pk)},
        sees=NOTHING,
    ),
    get("accounts:profile", SELF, sees=NOTHING),
    post("accounts:profile", SELF, body=lambda r: {"full_name": "New Name", "language": "id"}, sees=NOTHING),
    get("accounts:password", SELF, sees=NOTHING),
    post("accounts:password", SELF, body=lambda r: {"old_password": "wrong"}, status=200, sees=NOTHING),
    get("accounts:tokens", SELF, sees=NOTHING),
    post(
        "accounts:tokens",
        SELF,
        body=lambda r: MY_TOKEN,
        status=200,
        sees=NOTHING,
    ),
    # A token is ended by its holder alone; an administrator ends the integrations' too.
    post(
        "accounts:token_revoke",
        "login login 404 404 ok 404 404 404 404",
        on="token",
        args={"key": "token_key"},
        sees=NOTHING,
    ),
    get("accounts:clinic", KEEP, sees="house"),
    post(
        "accounts:clinic",
        KEEP,
        body=lambda r: {
            "name": "Renamed",
            "time_zone": "Asia/Jakarta",
            "language": "id",
            "idle_minutes": "30",
        },
        sees=NOTHING,
    ),
    *MODEL,
    get("accounts:members", KEEP, sees="house"),
    post(
        "accounts:members",
        KEEP,
        body=lambda r: {"email": "new.person@example.org", "full_name": "New Person", "role": "reviewer"},
        sees=NOTHING,
    ),
    get("accounts:member", KEEP_ONE, "membership", sees="house", by_role=True),
    post("accounts:member", KEEP_ONE, "membership", lambda r: ROLE, sees=NOTHING, by_role=True),
    post(
        "accounts:member_active",
        KEEP_ONE,
        "membership",
        lambda r: {"active": "no"},
        sees=NOTHING,
        by_role=True,
    ),
    post("accounts:member_link", KEEP_ONE, "membership", status=200, sees="house", by_role=True),
    post("accounts:member_factor", KEEP_ONE, "membership", sees=NOTHING, by_role=True),
    # --- second factor; each handles its own user's alone, so that no address names anybody ---
    get("mfa_login_webauthn", AWAY, sees=NOTHING),
    post("mfa_login_webauthn", AWAY, sees=NOTHING),
    get("mfa_authenticate", AWAY, sees=NOTHING),
    post("mfa_authenticate", AWAY, sees=NOTHING),
    get("account_reauthenticate", SELF, sees=NOTHING),
    post("account_reauthenticate", SELF, status=200, sees=NOTHING),
    get("mfa_reauthenticate", AWAY, sees=NOTHING),
    post("mfa_reauthenticate", AWAY, sees=NOTHING),
    get("mfa_reauthenticate_webauthn", AWAY, sees=NOTHING),
    post("mfa_reauthenticate_webauthn", AWAY, sees=NOTHING),
    get("mfa_index", SELF, sees=NOTHING),
    post("mfa_index", SELF, status=200, sees=NOTHING),
    get("mfa_activate_totp", SELF, sees=NOTHING),
    post("mfa_activate_totp", SELF, status=200, sees=NOTHING),
    get("mfa_deactivate_totp", NOT_MINE, sees=NOTHING),
    post("mfa_deactivate_totp", NOT_MINE, sees=NOTHING),
    get("mfa_add_webauthn", SELF, sees=NOTHING),
    post("mfa_add_webauthn", SELF, sees=NOTHING),
    get("mfa_edit_webauthn", NOT_MINE, "passkey", sees=NOTHING),
    post("mfa_edit_webauthn", NOT_MINE, "passkey", sees=NOTHING),
    get("mfa_remove_webauthn", NOT_MINE, "passkey", sees=NOTHING),
    post("mfa_remove_webauthn", NOT_MINE, "passkey", sees=NOTHING),
    get("mfa_view_recovery_codes", AWAY, sees=NOTHING),
    post("mfa_view_recovery_codes", AWAY, sees=NOTHING),
    get("mfa_generate_recovery_codes", SELF, sees=NOTHING),
    post("mfa_generate_recovery_codes", SELF, status=200, sees=NOTHING),
]

OPEN = [
    get("robots", PUBLIC, sees=NOTHING),
    get("favicon", PUBLIC, status=301, sees=NOTHING),
    get("operations:livez", PUBLIC, sees=NOTHING),
    get("operations:readyz", PUBLIC, sees=NOTHING),
    # A machine's, with a token of its own.
    get("operations:metrics", NOT_THERE, sees=NOTHING),
    get("operations:overview", KEEP, sees=NOTHING),
]


API_ROWS = [
    *STATEMENTS_API,
    # Ends the token that it was asked with.
    Row("api:token", "DELETE", "login login ok 409 409 409 409 ok 409", status=204, sees=NOTHING),
    post("api:token", "400 400 400 400 400 400 400 400 400", sees=NOTHING),
    *resource("clinic"),
    *resource("patient", history=True, archive=True, change={"phone": "1"}),
    post(
        "api:patient-list",
        API_WRITE,
        body=lambda r: {**NEW_PATIENT, "clinic": str(r.clinic.pk)},
        status=201,
        sees=NOTHING,
    ),
    post("api:patient-search", API_PLACE, body=lambda r: {"text": "Patient"}, status=200, sees="id"),
    post("api:patient-restore", API_OWN, "archived_patient", status=200),
    *resource("episode", history=True, change={"notes": "x"}),
    post(
        "api:episode-list",
        API_WRITE,
        body=lambda r: {**NEW_EPISODE, "patient": str(r.patient.pk)},
        status=201,
        sees=NOTHING,
    ),
    *resource("treatment", archive=True, change={"note": "x"}),
    post(
        "api:treatment-list",
        API_WRITE,
        body=lambda r: {"episode": str(r.episode.pk), "kind": "surgery", "date": today()},
        status=201,
        sees=NOTHING,
    ),
    *resource("consent"),
    post(
        "api:consent-list",
        API_WRITE,
        body=lambda r: {"patient": str(r.patient.pk), "use": "teaching", "given_on": today()},
        status=201,
        sees=NOTHING,
    ),
    post("api:consent-revoke", API_OWN, "consent", status=200),
    *resource("visit", archive=True, change={"impression": "x"}),
    post(
        "api:visit-list",
        API_WRITE,
        body=lambda r: {"patient": str(r.patient.pk)},
        status=201,
        sees=NOTHING,
    ),
    get("api:visit-findings", API, "visit", sees=NOTHING, reads=True),
    get("api:visit-filing", API, "visit", sees=NOTHING, reads=True),
    post("api:visit-restore", API_OWN, "archived_visit", status=200),
    *resource("photo", archive=True, change={"exercise": "rest"}),
    post(
        "api:photo-list",
        API_WRITE,
        body=lambda r: {"visit": str(r.visit.pk), "exercise": "pucker", "image": upload()},
        status=202,
        sees=NOTHING,
    ),
    get("api:photo-image", API, "photo", sees=NOTHING, reads=True),
    get("api:photo-thumbnail", API, "photo", sees=NOTHING, reads=True),
    post("api:photo-restore", API_OWN, "archived_photo", status=200),
    post("api:photo-retry", API_WRITE, "failed_photo", status=202),
    *resource("analysis"),
    get("api:analysis-landmarks", API, "analysis", sees=NOTHING, reads=True),
    *resource("confirmation"),
    post(
        "api:confirmation-list",
        API_CONFIRM,
        body=lambda r: {"analysis": str(r.analysis.pk), "exercise": "smile", "palsy": False},
        status=201,
        sees=NOTHING,
    ),
    *TASKS_API,
    *OF_THE_API,
    get("api:patient-detail", API_CLOSED, "restricted_patient"),
    patch("api:patient-detail", API_CLOSED, "restricted_patient", lambda r: {"phone": "1"}),
    get("api:photo-image", NOT_MINE, "restricted_photo"),
    get("api:nothing", NOT_THERE, sees=NOTHING),
    post("api:nothing", NOT_THERE, sees=NOTHING),
]

# The server's own back room. It holds no patient; (app, model) of what it shows.
BACK_ROOMS = [
    ("knox", "authtoken"),
    ("accounts", "user"),
    ("accounts", "clinic"),
    ("accounts", "membership"),
    ("inference", "analysis"),
]


def back_rooms() -> Iterator[Row]:
    """The rows of the admin's own pages, and of each model's list and form."""
    for name in ("index", "password_change", "password_change_done", "jsi18n"):
        yield get(f"admin:{name}", BACK_ROOM, sees=NOTHING)
    yield get(
        "admin:view_on_site", BACK_ROOM.replace("ok", "404"), args={"content_type_id": "1", "object_id": "1"}
    )
    yield get("admin:autocomplete", BACK_ROOM.replace("ok", "403"), sees=NOTHING)
    for app, model in BACK_ROOMS:
        yield get(f"admin:{app}_{model}_changelist", BACK_ROOM, sees=NOTHING)


ROWS = [*PAGES, *STATEMENTS, *ACCOUNT, *OPEN, *API_ROWS, *back_rooms()]
