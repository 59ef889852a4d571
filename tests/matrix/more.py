"""Rows of the permission matrix about tasks, suggestions, consent, the quick check, and the use of the model."""

from __future__ import annotations

import json

from clinic.examination import red_flags
from clinic.patients.rules import clinic_today

from ..home.scenes import typed
from .rows import (
    API,
    API_CONFIRM,
    API_PLACE,
    API_WRITE,
    HEAD,
    NOTHING,
    PAGE,
    PLACE,
    PLACE_WRITE,
    PUBLIC,
    READER,
    WRITE,
    get,
    patch,
    post,
    resource,
    today,
    upload,
)

SECOND = [
    get("examination:second_list", PLACE, sees=NOTHING),
    post("examination:second_ask", WRITE, "visit"),
    post("examination:second_take", WRITE, "second"),
    post("examination:second_withdraw", WRITE, "second"),
    get("examination:second_read", READER, "own_second", sees=NOTHING),
    post("examination:second_read", READER, "own_second", lambda r: {"grade": "4"}),
    post("examination:second_give_back", READER, "own_second"),
    get("examination:second_photo", READER, "own_second", sees=NOTHING, reads=True, args={"place": "1"}),
]
SCALES = [
    get("examination:scale", PAGE, "visit", args={"code": "sunnybrook"}),
    post(
        "examination:scale",
        WRITE,
        "visit",
        lambda r: {"item-rest_eye": "narrow"},
        args={"code": "sunnybrook"},
    ),
    post("examination:scale_finish", WRITE, "visit", args={"code": "yanagihara"}),
    post("examination:scale_reopen", WRITE, "visit", args={"code": "fngs"}),
]
NOT_THERE_INSIDE = "login login 404 404 404 404 404 404 404"
QUESTIONNAIRES = [
    get("examination:questionnaires", PAGE, "episode"),
    get("examination:paper", PAGE, "episode", args={"wording": "wording"}),
    post("examination:hand_over", WRITE, "episode", lambda r: {"wording": str(r.wording.pk)}),
    post(
        "examination:questionnaire_send",
        WRITE,
        "episode",
        lambda r: {"wording": str(r.wording.pk)},
        status=200,
    ),
    post("patients:link_revoke", WRITE, "patient_link"),
    get("examination:wordings", HEAD, sees=NOTHING),
    get("examination:wording", HEAD, sees=NOTHING, args={"code": "saq", "language": "en"}),
    post(
        "examination:wording",
        HEAD,
        sees=NOTHING,
        args={"code": "saq", "language": "en"},
        status=422,
        writes=False,
    ),
    get("answering:open", PUBLIC, sees=NOTHING),
    post("answering:open", PUBLIC, sees=NOTHING, status=422, writes=False),
    # Nobody in the matrix has opened a link or handed a tablet over.
    get("answering:questions", "302 302 302 302 302 302 302 302 302", sees=NOTHING),
    post("answering:questions", "302 302 302 302 302 302 302 302 302", sees=NOTHING, writes=False),
    get("answering:handed_over", NOT_THERE_INSIDE, sees=NOTHING),
    post("answering:handed_over", NOT_THERE_INSIDE, sees=NOTHING),
    get("answering:unlock", NOT_THERE_INSIDE, sees=NOTHING),
    post("answering:unlock", NOT_THERE_INSIDE, sees=NOTHING),
]
DOSES = [{"step": "pucker", "times": 2, "repetitions": 5, "seconds": 3}]
HOME = [
    get("home:programmes", PAGE, "episode"),
    get("home:start", WRITE, "episode"),
    post(
        "home:start",
        WRITE,
        "episode",
        lambda r: typed(DOSES, starts_on=clinic_today(r.episode.patient).isoformat()),
    ),
    get("home:edit", WRITE, "home"),
    post("home:edit", WRITE, "home", lambda r: {"message": "slowly", "version": "1"}),
    post("home:end", WRITE, "home"),
    post("home:resume", WRITE, "home", writes=False),
    post("home:send", WRITE, "episode", lambda r: {"days": "7"}, status=200),
    get("home:queue", PLACE, sees=NOTHING),
    post("home:seen", WRITE, "visit", writes=False),
    # Nobody in the matrix has opened a link.
    *(
        ask(f"practising:{name}", "302 302 302 302 302 302 302 302 302", sees=NOTHING)
        for name, ask in (("today", get), ("camera", get), ("note", post))
    ),
    post("practising:today", "302 302 302 302 302 302 302 302 302", sees=NOTHING, writes=False),
    post("practising:photo", "403 403 403 403 403 403 403 403 403", sees=NOTHING),
]
HOME_API = [
    get("api:home-programme-list", API_PLACE, sees="id"),
    get("api:home-programme-detail", API, "home", sees="id"),
    post(
        "api:home-programme-list",
        API_CONFIRM,
        body=lambda r: {
            "episode": str(r.episode.pk),
            "starts_on": clinic_today(r.episode.patient).isoformat(),
            "doses": DOSES,
        },
        status=201,
        by_scope=True,
    ),
    patch(
        "api:home-programme-detail",
        API_CONFIRM,
        "home",
        lambda r: {"message": "slowly"},
        by_scope=True,
    ),
    post("api:home-programme-end", API_CONFIRM, "home", status=200, by_scope=True),
]
LINKS_API = [
    get("api:patient-link-list", API_PLACE, sees="id"),
    get("api:patient-link-detail", API, "patient_link", sees="id"),
    post(
        "api:patient-link-list",
        API_CONFIRM,
        body=lambda r: {"episode": str(r.episode.pk), "scale": "saq", "language": "en"},
        status=201,
        sees=NOTHING,
        by_scope=True,
    ),
    post("api:patient-link-revoke", API_CONFIRM, "patient_link", status=200, by_scope=True),
]
NO_RED_FLAGS = dict.fromkeys((one.code for one in red_flags.questions(cause="bells_palsy")), "no")
RED_FLAGS = [
    get("examination:red_flags", PAGE, "episode"),
    post("examination:red_flags", WRITE, "episode", lambda r: {**NO_RED_FLAGS, "note": "x"}),
]
RED_FLAGS_API = [
    get("api:episode-report", API, "episode", sees=NOTHING),
    get("api:episode-red-flags", API, "episode", sees="id"),
    post(
        "api:episode-red-flags",
        API_CONFIRM,
        "episode",
        lambda r: {"answers": NO_RED_FLAGS},
        status=201,
        by_scope=True,
    ),
]
MOVED = {"386": [0.5, 0.4]}
LANDMARKS = [
    get("visits:photo_landmarks", WRITE, "photo"),
    post(
        "visits:photo_landmarks",
        WRITE,
        "photo",
        lambda r: {"analysis": str(r.analysis.pk), "based_on": "0", "points": json.dumps(MOVED)},
    ),
    post(
        "visits:photo_landmarks_measure",
        WRITE,
        "photo",
        lambda r: {"analysis": str(r.analysis.pk), "based_on": "0", "points": json.dumps(MOVED)},
        status=200,
        writes=False,
    ),
]
LANDMARKS_API = [
    get("api:analysis-points", API, "analysis", sees="analysis"),
    post(
        "api:analysis-points",
        API_CONFIRM,
        "analysis",
        lambda r: {"points": [{"index": 386, "x": 0.5, "y": 0.4}]},
        status=201,
        by_scope=True,
    ),
]
TASKS = [
    *RED_FLAGS,
    *LANDMARKS,
    *SCALES,
    *QUESTIONNAIRES,
    *SECOND,
    *HOME,
    get("examination:task", PAGE, "task"),
    get("examination:task_new", WRITE, "patient"),
    post("examination:task_new", WRITE, "patient", lambda r: {"kind": "follow_up", "plan": "call"}),
    post("examination:task_plan", WRITE, "task", lambda r: {"plan": "tape"}),
    get("examination:milestone", WRITE, "sibling_episode", args={"milestone": "toxin_recall"}),
    post(
        "examination:milestone",
        WRITE,
        "sibling_episode",
        lambda r: {"outcome": "treated"},
        args={"milestone": "toxin_recall"},
    ),
    post("examination:task_close", WRITE, "task", lambda r: {"outcome": "treated"}),
    post("examination:task_reopen", WRITE, "closed_task"),
]
SCALES_API = [
    *resource("assessment"),
    post(
        "api:assessment-list",
        API_CONFIRM,
        body=lambda r: {"visit": str(r.visit.pk), "scale": "saq", "scale_version": "2007"},
        status=201,
        sees=NOTHING,
        by_scope=True,
    ),
    patch("api:assessment-detail", API_CONFIRM, "assessment", lambda r: {"answers": {}}, by_scope=True),
    post("api:assessment-finish", API_CONFIRM, "assessment", status=200, by_scope=True),
    post("api:assessment-reopen", API_CONFIRM, "finished_assessment", status=200, by_scope=True),
]
SERIES_API = [
    get("api:visit-series", API, "visit", sees=NOTHING, reads=True),
    post(
        "api:visit-skip", API_WRITE, "visit", lambda r: {"exercise": "pucker", "reason": "pain"}, status=200
    ),
    post("api:visit-unskip", API_WRITE, "visit", lambda r: {"exercise": "pucker"}, status=200, writes=False),
]
TASKS_API = [
    *SERIES_API,
    *RED_FLAGS_API,
    *LANDMARKS_API,
    *SCALES_API,
    *LINKS_API,
    *HOME_API,
    *resource("task"),
    post("api:task-close", API_CONFIRM, "task", lambda r: {"outcome": "treated"}, status=200, by_scope=True),
]
SUGGESTIONS = [
    post("visits:consent", WRITE, "sibling_visit", lambda r: {"given_on": today(), "manner": "form"}),
    post("visits:turn_over", WRITE, "visit", lambda r: {"photo": str(r.photo.pk)}),
    post(
        "visits:file_together",
        WRITE,
        "visit",
        lambda r: {f"exercise-{r.photo.pk}": "rest", f"version-{r.photo.pk}": str(r.photo.version)},
    ),
    post("visits:photo_taken", WRITE, "photo", lambda r: {"taken_at": "2026-11-02T09:30", "version": "1"}),
    post("visits:skip", WRITE, "visit", lambda r: {"exercise": "pucker", "reason": "pain"}),
    post("visits:unskip", WRITE, "visit", lambda r: {"exercise": "nasal_base"}, writes=False),
    post("visits:keep", WRITE, "visit", lambda r: {"suggestion": "mirrored", "value": "left"}),
    # No worker is there to answer.
    post(
        "visits:quick_check",
        PLACE_WRITE,
        body=lambda r: {"photo": upload()},
        status=503,
        sees=NOTHING,
        writes=False,
    ),
    get("visits:quick_check", PLACE_WRITE, sees=NOTHING),
]
MODEL = [
    get("visits:protocols", HEAD, sees=NOTHING),
    post(
        "visits:protocols",
        HEAD,
        body=lambda r: {"protocol": "ten-1", "version": str(r.patient.clinic.version)},
        sees=NOTHING,
    ),
    get("inference:use", HEAD, sees=NOTHING),
    post("inference:use", HEAD, body=lambda r: {"model_use": "off"}, sees=NOTHING),
]

# What the API is, and what happened in it; integrators read the former before they have a token.
OF_THE_API = [
    get("api:changes", API_PLACE, sees=NOTHING, reads=False),
    get("api:release-list", API_PLACE, sees=NOTHING),
    get("api:release-detail", API_PLACE, args={"name": "release"}, sees=NOTHING),
    get("api:release-agreement", API_PLACE, args={"name": "release"}, sees=NOTHING),
    get("api:exercises", API_PLACE, sees=NOTHING),
    get("api:protocols", API_PLACE, sees=NOTHING),
    get("api:caller", API_PLACE, status=204, sees=NOTHING),
    get("api:problems", PUBLIC, sees=NOTHING),
    get("api:problem", PUBLIC, args={"code": "not_found"}, sees=NOTHING),
    get("api:schema", PUBLIC, sees=NOTHING),
    get("api:docs", PUBLIC, sees=NOTHING),
]
