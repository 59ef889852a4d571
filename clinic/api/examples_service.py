"""Examples of what is no patient's record: tokens, the change feed, releases, exercises, problems."""

from __future__ import annotations

from typing import Any

from .example_names import API, CLINIC_ID, CLINICIAN, CONSENT_ID, PATIENT_ID, RELEASE

SHARE = {"hits": 33, "count": 36, "value": 0.9167, "low": 0.7817, "high": 0.9713}
AGREEMENT = {
    "photos": 36,
    "patients": 10,
    "uncertain": 0,
    **dict.fromkeys(("exercise", "palsy", "side", "grade_exact", "grade_within_one"), SHARE),
    "kappa": {"value": 0.88, "low": 0.79, "high": 0.94, "count": 36},
}
CURSOR = "MTc0Yy4uLg"
CHANGE = {
    "kind": "consent",
    "id": CONSENT_ID,
    "url": f"{API}/consents/{CONSENT_ID}/",
    "what": "revoked",
    "version": None,
    "at": "2026-11-09T03:12:00Z",
    "patient": PATIENT_ID,
    "clinic": CLINIC_ID,
    "photo": None,
    "todo": {
        "code": "stop_use",
        "sentence": "Stop using the patient's photos for what this consent allowed, and delete the copies that were "
        "made for that alone.",
    },
}
TOKEN = {
    "id": "5b0e6f6c-6d55-4a0e-9a0c-2f1f3c7e8d90",
    "name": "Nightly export",
    "owner": CLINICIAN,
    "clinic": CLINIC_ID,
    "scopes": ["patients.read", "results.read"],
    "strength": ["password", "totp"],
    "created_at": "2026-11-09T03:00:00Z",
    "expires_at": "2026-12-09T03:00:00Z",
    "last_used_at": "2026-11-21T02:00:14Z",
    "last_used_from": "192.0.2.17",
}
SERVICE: dict[str, Any] = {
    "Changes": {
        "cursor": CURSOR,
        "next": f"{API}/changes/?cursor={CURSOR}",
        "more": False,
        "results": [CHANGE],
    },
    "TokenInput": {
        "email": "wulan@risorius.example",
        "password": "correct horse battery staple",
        "name": "Nightly export",
        "days": 30,
        "scopes": ["patients.read", "results.read"],
    },
    "TokenList": TOKEN,
    "Token": {
        **TOKEN,
        "last_used_at": None,
        "last_used_from": None,
        "token": "8c1f…64 characters in all…e09b",
    },
    "Release": {
        "name": RELEASE,
        "url": f"{API}/releases/{RELEASE}/",
        "active": True,
        "usable": True,
        "card": {"name": RELEASE, "limits": ["Adults, one face, from the front."]},
    },
    "Ledger": {
        "clinic": CLINIC_ID,
        "release": RELEASE,
        "validated": False,
        "scores": [{"score": "palsy", "passes": False, "lacks": ["bound"], "share": SHARE}],
        "overall": AGREEMENT,
        "bands": [{"grade_low": 1, "grade_high": 2, "agreement": AGREEMENT}],
        "unknown_exercise": 0,
    },
    "Exercise": {
        "code": "sneer",
        "name": "Sneer",
        "instruction": "Lift one side of the nose and upper lip.",
        "sided": True,
        "drawing": "https://risorius.example/static/img/exercises/sneer.svg",
    },
    "ProblemKind": {"code": "too_small", "status": 422, "title": "The picture has too few pixels."},
}
