"""The demo's clinics and their staff. Nobody of them exists; the password is known to everyone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from clinic.accounts.models import Role

PASSWORD = "melati-demo-2026"  # refused outside the demo settings
CLINIC_ID = uuid.UUID("5eed0000-0000-4000-8000-000000000001")
NEIGHBOUR_ID = uuid.UUID("5eed0000-0000-4000-8000-000000000002")
NEIGHBOUR = "Mira Reyes"
TIME_ZONE = "Asia/Jakarta"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One of the demo's accounts."""

    email: str
    name: str
    role: str
    clinic: uuid.UUID


CLINICS = {CLINIC_ID: "Klinik Melati", NEIGHBOUR_ID: "Klinik Kenanga"}
ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("clinician@melati.example", "Sari Wibowo", Role.CLINICIAN, CLINIC_ID),
    DemoAccount("administrator@melati.example", "Bambang Hartono", Role.ADMINISTRATOR, CLINIC_ID),
    DemoAccount("reviewer@melati.example", "Ayu Lestari", Role.REVIEWER, CLINIC_ID),
    DemoAccount("integration@melati.example", "Hospital information system", Role.INTEGRATION, CLINIC_ID),
    DemoAccount("clinician@kenanga.example", "Maria Tanaka", Role.CLINICIAN, NEIGHBOUR_ID),
)
# A program has no password: an administrator makes its tokens.
LOGINS = tuple(one for one in ACCOUNTS if one.role != Role.INTEGRATION)

# By how many grades a second reader differs from the first, patient by patient.
APART = (0, -1, 0, 1, 0, 0)

IMPRESSIONS = {
    1: "Symmetrical at rest and in every movement.",
    2: "Slight weakness on close inspection; the eye closes with little effort.",
    3: "Difference between the sides is plain but not disfiguring; the eye closes with effort.",
    4: "Weakness and asymmetry are disfiguring; the eye does not close.",
    5: "Hardly any movement; asymmetrical at rest.",
    6: "No movement on the weak side.",
}
# Of each cause: days from onset, kind, note, and what is told of that kind.
TREATMENTS: dict[str, tuple[tuple[int, str, str, dict[str, Any]], ...]] = {
    "bells_palsy": (
        (2, "steroids", "", {"drug": "Prednisolone", "dose_mg": 60.0, "days": 10}),
        (21, "therapy_start", "", {"therapy": "Mirror exercises", "per_week": 2, "weeks": 8}),
    ),
    "ramsay_hunt": (
        (2, "steroids", "", {"drug": "Prednisolone", "dose_mg": 60.0, "days": 14}),
        (2, "antivirals", "", {"drug": "Valaciclovir", "dose_mg": 3000.0, "days": 7}),
        (28, "therapy_start", "", {"therapy": "Mime therapy", "per_week": 1, "weeks": 12}),
    ),
    "stroke": ((10, "therapy_start", "", {"therapy": "Exercises", "per_week": 3, "weeks": 10}),),
}
PROTOCOL = "ten-1"
"""With which the demo's newest visits began; those before asked for the twelve exercises of their photos."""
EARLIER_PROTOCOL = "first-1"
# Of each patient's newest visit: exercises that were not taken, why, and in which words.
NOT_TAKEN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "p1": (("nasal_base", "time", ""),),
    "p2": (("nasal_base", "declined", ""), ("lower_teeth", "unable", "")),
    "p3": (("lower_teeth", "pain", ""), ("nasal_base", "other", "The neck is stiff")),
    "p5": (("nasal_base", "time", ""), ("lower_teeth", "time", "")),
}
# By the patient's key in the manifest: what was done beside that.
MORE_TREATMENTS: dict[str, tuple[tuple[int, str, str, dict[str, Any]], ...]] = {
    "p4": (
        (49, "lid_weight", "Under local anaesthetic", {"weight_g": 1.2, "side": "right"}),
        (49, "surgery", "", {"operation": "lid_lift", "side": "right"}),
    ),
    "p5": (
        (
            70,
            "botulinum_toxin",
            "Brow and chin pull along on smiling",
            {
                "product": "onabotulinumtoxin_a",
                "injections": [
                    {"muscle": "orbicularis_oculi", "side": "left", "units": 2.5},
                    {"muscle": "mentalis", "side": "left", "units": 2.0},
                    {"muscle": "depressor_anguli_oris", "side": "left", "units": 2.5},
                    {"muscle": "platysma", "side": "left", "units": 5.5},
                ],
            },
        ),
    ),
}
# By the patient's key in the manifest: consents beyond that for the record.
CONSENTS: dict[str, tuple[str, ...]] = {
    "p1": ("teaching", "model_training"),
    "p2": ("model_training",),
    "p4": ("teaching", "publication"),
}
# Days since the last visit, so that today's list has visits of today and someone not seen for long.
LAST_SEEN = {"p1": 0, "p2": 1, "p3": 45, "p4": 0, "p5": 3, "p6": 6}
