"""An example of a recovery history. Nobody in it exists."""

from __future__ import annotations

from .example_names import (
    ANALYSIS_ID,
    CLINICIAN,
    EPISODE_ID,
    PATIENT_ID,
    PHOTO_ID,
    RELEASE,
    TREATMENT_ID,
    VISIT_ID,
)

MARK = {"date": "2026-11-09", "day": 58, "week": 8}
READING = {
    "value": 0.82,
    "figure": "movement",
    "exercise": "smile_with_teeth",
    "exercises": ["smile_with_teeth"],
    "left_mm": 6.9,
    "right_mm": 8.4,
    "rest_date": None,
    "release": RELEASE,
    "photo": PHOTO_ID,
}
CHANGE = {
    "region": "mouth",
    "figure": "movement",
    "exercises": ["smile_with_teeth"],
    "since": "2026-09-21",
    "before": -0.29,
    "now": 0.62,
    "by": 0.91,
    "error": 0.62,
    "limit": 1.08,
    "verdict": "same",
}
CHANGED_SCORE = {
    "figure": "total", "since": "2026-10-12", "before": 26.7, "now": 44.4, "by": 17.7, "smallest_detectable": 28.2,
    "verdict": "same",
}  # fmt: skip
HISTORY = {
    "episode": EPISODE_ID,
    "patient": PATIENT_ID,
    "onset_date": "2026-09-12",
    "onset_precision": "day",
    "cause": "bells_palsy",
    "weak_side": "left",
    "course": {
        "sentence": "Mouth 0.62 of the right side's movement on 9 November (week 8), up 0.91 since 21 September.",
        "caveat": "Within the measurement error of 1.01: no detectable change.",
        "worse": False,
        "fall": None,
        "since_before": [CHANGE],
        "since_first": [CHANGE],
        "since_best": [CHANGE],
    },
    "earlier": None,
    "visits": [
        {
            "visit": VISIT_ID,
            "at": "2026-11-09T03:00:00Z",
            **MARK,
            "since_onset": "week 8",
            "grade": 3,
            "grade_source": "clinician",
            "clinician": {
                "seen_by": CLINICIAN["name"],
                "seen_by_id": CLINICIAN["id"],
                "seen_by_kind": "person",
                "grade": 3,
            },
            "model": {
                "preliminary": False,
                "grade": {"grade": 3, "lowest": 3, "highest": 3, "photos": 1, "release": RELEASE},
                "brow": None,
                "eye": {**READING, "exercise": "gentle_eye_closure", "exercises": ["gentle_eye_closure"]},
                "mouth": {**READING, "value": 0.62},
                "composite": None,
                "rest": [
                    {
                        "name": "palpebral_fissure",
                        "value": 1.4,
                        "side": "left",
                        "error": 1.28,
                        "release": RELEASE,
                    }
                ],
                "along": [
                    {
                        "part": "eye",
                        "exercise": "smile_with_teeth",
                        "left": 2.1,
                        "right": 0.3,
                        "left_share": 0.22,
                        "right_share": 0.03,
                        "side_error": 1.9,
                        "difference": 1.8,
                        "error": 1.4,
                        "limit": 1.4,
                        "more": "left",
                        "release": RELEASE,
                    }
                ],
                "releases": [RELEASE],
            },
            "waiting": 0,
            "protocol": "ten-1",
            "not_taken": [{"exercise": "nasal_base", "reason": "unable", "note": ""}],
            "photos": [
                {
                    "photo": PHOTO_ID,
                    "exercise": "smile_with_teeth",
                    "side": None,
                    "taken_at": "2026-11-09T03:04:00Z",
                    "status": "succeeded",
                    "results": [
                        {
                            "analysis": ANALYSIS_ID,
                            "release": RELEASE,
                            "brow": 0.89,
                            "eye": 0.82,
                            "mouth": 0.62,
                            "palsy_probability": 0.91,
                            "weak_side": "left",
                            "palsy_verdict": "weak",
                            "movement": 0.62,
                            "moved_left_mm": 5.2,
                            "moved_right_mm": 8.4,
                            "corrected": False,
                        }
                    ],
                    "measures": [
                        {
                            "name": "commissure_height",
                            "unit": "mm",
                            "left": None,
                            "right": None,
                            "difference": None,
                            "value": 2.4,
                            "error": 2.38,
                            "side_error": None,
                            "scale_from": "iris",
                        }
                    ],
                    "confirmed": {
                        "exercise": "smile_with_teeth",
                        "palsy": True,
                        "weak_side": "left",
                        "grade": 2,
                        "by": CLINICIAN["name"],
                        "by_id": CLINICIAN["id"],
                        "at": "2026-11-09T03:07:33Z",
                    },
                }
            ],
        }
    ],
    "treatments": [
        {
            "treatment": TREATMENT_ID,
            "date": "2026-09-14",
            "day": 2,
            "week": 0,
            "kind": "steroids",
            "note": "Started at once",
            "product": None,
            "units": None,
            "details": "drug=Prednisolone; dose_mg=60; days=10",
        }
    ],
    "model_changes": [{"visit": VISIT_ID, **MARK, "before": ["2026.10.2"], "after": [RELEASE]}],
    "scores": [
        {
            "assessment": "3c9a1f60-7be2-4d15-a0c4-52f8e6d7b913",
            "visit": VISIT_ID,
            **MARK,
            "since_onset": "week 8",
            "scale": "saq",
            "scale_version": "2007",
            "rated_by": "patient",
            "by": CLINICIAN["name"],
            "way": "link",
            "language": "id",
            "total": 44.4,
            "sub_scores": {"synkinesis": 44.4},
            "missing": [],
            "since_before": [CHANGED_SCORE],
            "since_first": [CHANGED_SCORE],
        }
    ],
    "reference": {
        "severity": "incomplete",
        "figures": [
            {
                "code": "incomplete_palsy",
                "text": "Of 100 people with an incomplete Bell's palsy at first, untreated, 94 recovered completely.",
                "of_100": 94,
                "months": 12,
                "source": "Peitersen 2002",
            }
        ],
    },
    "releases": ["2026.10.2", RELEASE],
    "waiting": 0,
}
