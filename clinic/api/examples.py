"""Examples of the OpenAPI document. Nobody in them exists."""

from __future__ import annotations

from typing import Any

from . import examples_visits
from .example_names import (
    ANALYSIS_ID,
    API,
    CLINIC_ID,
    CLINICIAN,
    CONFIRMATION_ID,
    CONSENT_ID,
    EPISODE_ID,
    PATIENT_ID,
    PHOTO_ID,
    RELEASE,
    REST_PHOTO_ID,
    SHA256,
    TREATMENT_ID,
    VISIT_ID,
)
from .examples_history import HISTORY
from .examples_service import SERVICE

ON_FILE = {"archived_at": None, "version": 1}

CLINIC = {
    "id": CLINIC_ID,
    "url": f"{API}/clinics/{CLINIC_ID}/",
    "name": "Klinik Contoh",
    "time_zone": "Asia/Jakarta",
    "language": "id",
    "model_use": "in_use",
    "protocol": "ten-1",
    "role": "clinician",
}
PATIENT_INPUT = {
    "clinic": CLINIC_ID,
    "record_number": "RM-004711",
    "name": "Budi Contoh",
    "birth_date": "1979-04-02",
    "birth_precision": "day",
    "sex": "male",
    "phone": "+62 21 5550 0100",
    "email": "budi@patient.example",
    "languages": "id, en",
}
PATIENT = {
    "id": PATIENT_ID,
    "url": f"{API}/patients/{PATIENT_ID}/",
    **PATIENT_INPUT,
    "created_at": "2026-09-14T02:11:05.120000Z",
    **ON_FILE,
    "restricted_at": None,
    "summary": {
        "last_visit_at": "2026-11-09T03:00:00Z",
        "visits": 3,
        "symmetry": [0.41, 0.63, 0.78],
        "model_grade": 3,
        "clinician_grade": 3,
        "to_retake": 0,
        "to_confirm": 1,
        "failed": 0,
        "worse": False,
    },
}
EPISODE_INPUT = {
    "patient": PATIENT_ID,
    "cause": "bells_palsy",
    "weak_side": "left",
    "onset_date": "2026-09-12",
    "onset_precision": "day",
    "notes": "Woke up with it; no pain behind the ear.",
}
EPISODE = {
    "id": EPISODE_ID,
    "url": f"{API}/episodes/{EPISODE_ID}/",
    **EPISODE_INPUT,
    "red_flags": "answered",
    "recorded_by": CLINICIAN,
    "created_at": "2026-09-14T02:13:40.004000Z",
    "version": 1,
}
TREATMENT_INPUT = {
    "episode": EPISODE_ID,
    "kind": "botulinum_toxin",
    "date": "2027-02-15",
    "note": "Synkinesis of the eye on smiling",
    "product": "onabotulinumtoxin_a",
    "injections": [
        {"muscle": "orbicularis_oculi", "side": "left", "units": 2.5},
        {"muscle": "mentalis", "side": "left", "units": 2.0},
    ],
}
TREATMENT = {
    "id": TREATMENT_ID,
    "url": f"{API}/treatments/{TREATMENT_ID}/",
    **TREATMENT_INPUT,
    **dict.fromkeys(("dose_mg", "days", "per_week", "weeks", "operation", "weight_g", "side")),
    "drug": "",
    "therapy": "",
    "units": 4.5,
    "recorded_by": CLINICIAN,
    "created_at": "2027-02-15T02:20:00Z",
    **ON_FILE,
}
CONSENT_INPUT = {"patient": PATIENT_ID, "use": "record", "given_on": "2026-09-14", "manner": "form"}
CONSENT = {
    "id": CONSENT_ID,
    "url": f"{API}/consents/{CONSENT_ID}/",
    **CONSENT_INPUT,
    "recorded_by": CLINICIAN,
    "revoked_at": None,
    "revoked_by": None,
    "created_at": "2026-09-14T02:15:12Z",
    "version": 1,
}
VISIT_INPUT = {
    "patient": PATIENT_ID,
    "episode": EPISODE_ID,
    "at": "2026-11-09T03:00:00Z",
    "impression": "Closes the eye with effort.",
    "grade": 3,
}
VISIT = {
    "id": VISIT_ID,
    "url": f"{API}/visits/{VISIT_ID}/",
    **VISIT_INPUT,
    "origin": "clinic",
    "protocol": "ten-1",
    "clinician": CLINICIAN,
    "created_at": "2026-11-09T03:02:51Z",
    **ON_FILE,
}
ZONES = {
    "brow": {"left": 0.35, "right": 0.97}, "eye": {"left": 0.62, "right": 0.98},
    "midface": {"left": 0.48, "right": 0.96}, "mouth": {"left": 0.5, "right": 0.97},
}  # fmt: skip
VISIT_FINDINGS = {
    "visit": VISIT_ID, "visit_grade": 3, "visit_grade_source": "clinician",
    "source": "model", "preliminary": True,
    "notice": "A model's finding, to support documentation. Not a diagnosis.",
    "release": RELEASE, "photos": [PHOTO_ID],
    "sentence": "Weakness on the left. Too few views for a grade: Rest, Brow raise, Gentle eye closure missing.",
    "palsy_probability": 0.97,
    "palsy_verdict": "weak",
    "weak_side": "left",
    "side_probability": 0.98,
    "weak_side_probabilities": {"left": 0.98, "right": 0.02},
    "grade": None, "grade_low": None, "grade_high": None,
    "grade_needs": ["rest", "brow_raise", "gentle_eye_closure"],
    "grade_probabilities": {"1": 0.03, "2": 0.16, "3": 0.6, "4": 0.19, "5": 0.02, "6": 0.0},
    "zones": {
        "brow": None, "eye": None, "midface": None,
        "mouth": {
            "left": 0.5, "left_low": 0.3, "left_high": 0.7, "right": 0.97, "right_low": 0.78, "right_high": 1.0,
            "views": ["smile_with_teeth"],
        },
    },
    "views_used": ["smile_with_teeth"],
    "views_missing": ["rest", "brow_raise", "gentle_eye_closure"],
}  # fmt: skip
ANALYSIS = {
    "id": ANALYSIS_ID,
    "url": f"{API}/analyses/{ANALYSIS_ID}/",
    "photo": PHOTO_ID,
    "reference": REST_PHOTO_ID,
    "release": RELEASE,
    "status": "succeeded",
    "attempt": 1,
    "queued_at": "2026-11-09T03:05:10.020000Z",
    "started_at": "2026-11-09T03:05:10.061000Z",
    "finished_at": "2026-11-09T03:05:10.198000Z",
    "waiting_seconds": 0.041,
    "running_seconds": 0.137,
    "reason": None,
    "result": {
        "source": "model",
        "preliminary": True,
        "notice": "A model's finding, to support documentation. Not a diagnosis.",
        "exercise": "smile_with_teeth",
        "exercise_as_asked": True,
        "exercise_probabilities": {"rest": 0.01, "closed_smile": 0.06, "smile_with_teeth": 0.93},
        "reference": "used",
        "palsy_probability": 0.91,
        "palsy_verdict": "weak",
        "sentence": "Weakness on the left.",
        "cautions": [{"code": "dim", "sentence": "The light is dim."}],
        "weak_side": "left",
        "weak_side_probabilities": {"left": 0.88, "right": 0.12},
        "grade": 3,
        "grade_probabilities": {"1": 0.04, "2": 0.2, "3": 0.52, "4": 0.19, "5": 0.04, "6": 0.01},
        "zones": ZONES,
        "symmetry": {
            "unit": "mm",
            "brow": {"left": 22.1, "right": 24.9, "ratio": 0.89},
            "eye": {"left": 8.1, "right": 9.9, "ratio": 0.82},
            "mouth": {"left": 19.4, "right": 31.2, "ratio": 0.62},
            "composite": 0.78,
        },
        "quality": {"sharpness": 131.0, "brightness": 0.52, "yaw_deg": 1.4, "warnings": ["dim"]},
        "milliseconds": {"decode": 21, "landmarks": 38, "classify": 44, "measure": 2, "total": 121},
    },
    "correction": None,
    "created_at": "2026-11-09T03:05:10.020000Z",
}
QUEUED = {
    **ANALYSIS,
    "reference": None,
    "status": "queued",
    "attempt": 0,
    "started_at": None,
    "finished_at": None,
    "waiting_seconds": None,
    "running_seconds": None,
    "result": None,
}
CONFIRMATION_INPUT = {
    "analysis": ANALYSIS_ID,
    "exercise": "smile_with_teeth",
    "palsy": True,
    "weak_side": "left",
    "grade": 2,
    "comment": "The eye closes fully; I would not call it III.",
}
CONFIRMATION = {
    "id": CONFIRMATION_ID,
    "url": f"{API}/confirmations/{CONFIRMATION_ID}/",
    "photo": PHOTO_ID,
    **CONFIRMATION_INPUT,
    "by": CLINICIAN,
    "agrees": False,
    "created_at": "2026-11-09T03:07:33Z",
}
PHOTO = {
    "id": PHOTO_ID,
    "url": f"{API}/photos/{PHOTO_ID}/",
    "visit": VISIT_ID,
    "exercise": "smile_with_teeth",
    "exercise_named": True,
    "side": None,
    "taken_at": "2026-11-09T03:04:00Z",
    "taken_from": "file",
    "image": f"{API}/photos/{PHOTO_ID}/image/",
    "thumbnail": f"{API}/photos/{PHOTO_ID}/thumbnail/",
    "width": 1536,
    "height": 2048,
    "size": 412_233,
    "sha256": SHA256,
    "original_sha256": SHA256[::-1],
    "created_at": "2026-11-09T03:05:10.011000Z",
    **ON_FILE,
    "analysis": ANALYSIS,
    "confirmation": CONFIRMATION,
}
CSV = (
    "record,record_number,date,day_since_onset,week_since_onset,visit_id,…\r\n"
    "treatment,RM-004711,2026-09-14,2,0,,…\r\n"
    f"visit,RM-004711,2026-11-09,58,8,{VISIT_ID},…\r\n"
)


# By the name of the schema.
BY_SCHEMA: dict[str, Any] = {
    **SERVICE,
    "Clinic": CLINIC,
    "Patient": PATIENT,
    "PatientInput": PATIENT_INPUT,
    "PatchedPatientChange": {"phone": "+62 21 5550 0199"},
    "PatientSearch": {"text": "contoh", "clinic": CLINIC_ID},
    "PatientsFound": {"more": False, "restricted": 0, "results": [PATIENT]},
    "Episode": EPISODE,
    "EpisodeInput": EPISODE_INPUT,
    "PatchedEpisodeChange": {"notes": "Taste is back."},
    "History": HISTORY,
    "PatientHistory": {"patient": PATIENT_ID, "episodes": [HISTORY]},
    "Treatment": TREATMENT,
    "TreatmentInput": TREATMENT_INPUT,
    "PatchedTreatmentChange": {"injections": [{"muscle": "mentalis", "side": "left", "units": 3.0}]},
    "Consent": CONSENT,
    "ConsentInput": CONSENT_INPUT,
    "Visit": VISIT,
    "VisitFindings": VISIT_FINDINGS,
    **examples_visits.BY_SCHEMA,
    "VisitInput": VISIT_INPUT,
    "PatchedVisitChange": {"impression": "Closes the eye without effort.", "grade": 2},
    "Photo": PHOTO,
    "PhotoUpload": {"visit": VISIT_ID, "exercise": "smile_with_teeth", "image": "(the file)"},
    "PatchedPhotoChange": {"exercise": "sneer", "side": "left"},
    "Analysis": ANALYSIS,
    "Landmarks": {"landmarks": [[0.5013, 0.6127], [0.4987, 0.5571], [0.5002, 0.5733]]},
    "Confirmation": CONFIRMATION,
    "ConfirmationInput": CONFIRMATION_INPUT,
}


def of(schema: dict[str, Any], media_type: str, *, accepted: bool = False) -> Any:
    """An example of what the schema describes, or None; of what was only accepted, before it is analysed."""
    if media_type == "text/csv":
        return CSV
    if schema.get("type") == "array":
        one = of(schema["items"], media_type)
        return None if one is None else [one]
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name == "Photo" and accepted:
        return {**PHOTO, "analysis": QUEUED, "confirmation": None}
    if name.startswith("Paginated") and name.endswith("List"):
        one = BY_SCHEMA.get(name.removeprefix("Paginated").removesuffix("List"))
        return None if one is None else {"next": None, "results": [one]}
    return BY_SCHEMA.get(name)
