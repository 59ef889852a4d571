"""The words and rows of a model card; `card_docs` repeats them in the documentation."""

import json
from pathlib import Path
from typing import Any

WORDS: dict[str, Any] = {
    "licence": "Apache-2.0",
    "intended_use": (
        "Supports clinicians in documenting facial movement. Not for diagnosis, not for stroke exclusion, not for "
        "unsupervised patient use. It says which of twelve standard views a frontal photo shows, whether the face "
        "looks weaker on one side and on which, how much movement each zone has left, and a suggested House-Brackmann "
        "grade, for a photo and for the whole visit. Every value is preliminary until a clinician has confirmed or "
        "corrected it."
    ),
    "not_for": [
        "diagnosis, or excluding a stroke or any other illness",
        "patients without a clinician who looks at the photo",
        "children, for whom nothing was measured",
        "decisions on treatment",
    ],
    "sources": [
        {
            "name": "SFHQ (Synthetic Faces High Quality), portraits of people who don't exist",
            "licence": "MIT",
            "url": "https://github.com/SelfishGene/SFHQ-dataset",
            "use": "textures of the simulated patients, and healthy faces as they are",
        },
        {
            "name": "ICT-FaceKit light, a face mesh with identity and expression shapes",
            "licence": "MIT",
            "url": "https://github.com/ICT-VGL/ICT-FaceKit",
            "use": "moves the portraits through the views and weakens zones of one side",
        },
        {
            "name": "ImageNet weights of MobileNetV2 (keras.applications)",
            "licence": "Apache-2.0",
            "url": "https://keras.io/api/applications/mobilenet/",
            "use": "where training starts",
        },
        {
            "name": "Google's face landmarker (MediaPipe)",
            "licence": "Apache-2.0",
            "url": "https://github.com/google-ai-edge/mediapipe",
            "use": "the 478 points that the network reads beside the pixels; its maker says it is not for medical use",
        },
        {
            "name": "Official portraits of members of the United States Congress",
            "licence": "public domain",
            "url": "https://www.congress.gov/members",
            "use": "textures too, where the mouth is closed, and healthy faces as they are; those of test people are "
            "the check on false alarms",
        },
    ],
    "known_failures": [],
}
"""What every release says of itself. `known_failures` come from the evaluation: see `known_failures`."""
ALWAYS_FAILS = (
    "Trained and tested on simulated photos: no figure of a palsy here was measured on patients. Simulated figures "
    "flatter; the clinic's own confirmed labels decide.",
    "The simulation knows no scars, swelling, contracture or earlier operations.",
    "Landmarks make weak faces more even than they are, and closed eyes a little open: the face mesh much, those that "
    "the locator finds less.",
    "Weakness of both sides looks even, and is missed more often than that of one side.",
    "A one-sided sneer resembles a palsy of the other side. Judge the side on the smile or the shown teeth.",
    "House-Brackmann grades themselves are met by two clinicians in about half of all cases.",
    "Covers with a pattern, beards and hair before the face may pass the quality checks and mislead.",
)
GOALS: dict[str, float] = {
    "view_macro_f1": 0.95,
    "view_macro_f1_severe": 0.88,
    "sensitivity_clear_at_specificity": 0.95,
    "specificity_at_specificity": 0.95,
    "side_accuracy_clear": 0.98,
    "grade_within_one": 0.95,
    "grade_kappa": 0.85,
    "calibration_error_view": 0.03,
    "calibration_error_palsy": 0.03,
    "calibration_error_side": 0.03,
    "calibration_error_grade": 0.03,
    "real_auc": 0.96,
    "visit_sensitivity_clear": 0.95,
    "visit_specificity": 0.95,
    "visit_side_clear": 0.98,
    "visit_within_one": 0.95,
    "visit_kappa": 0.85,
}
"""What was wanted before anything was measured; of calibration errors at most, of all else at least."""


def goals(figures: list[dict[str, Any]]) -> list[str]:
    """What was wanted and what was reached, a sentence each; a goal that was not measured says so."""
    known = {row["key"]: row for row in figures}
    lines = []
    for key, wanted in GOALS.items():
        row, at_most = known.get(key), key.startswith("calibration")
        if row is None or row["value"] is None:
            lines.append(f"{key.replace('_', ' ')}: wanted {wanted:.2f}, not measured")
            continue
        met = row["value"] <= wanted if at_most else row["value"] >= wanted
        bound = "at most" if at_most else "at least"
        verdict = "met" if met else "missed"
        lines.append(f"{row['name']}: wanted {bound} {wanted:.2f}, reached {row['value']:.3f}: {verdict}")
    return lines


def known_failures(measured: dict[str, Any]) -> list[str]:
    """Where a release fails, from its own evaluation, and what no simulated figure can show."""
    lines = [ALWAYS_FAILS[0]]
    grades = {row["grade"]: row for row in measured["tables"]["by_grade"]}
    for grade in (2, 3):
        called = (grades.get(grade) or {}).get("called_weak", {}).get("value")
        if called is not None and called < 0.9:
            lines.append(
                f"Of grade {ROMAN[grade - 1]}, {per_cent(1 - called)} of single photos pass as normal."
            )
    views = [
        row for row in measured["tables"]["by_exercise"] if row["healthy_called_normal"]["value"] is not None
    ]
    alarming = sorted(views, key=lambda row: float(row["healthy_called_normal"]["value"]))[:2]
    lines += [
        f"Of healthy faces in the view {row['exercise'].replace('_', ' ')}, "
        f"{per_cent(1 - row['healthy_called_normal']['value'])} are called weak."
        for row in alarming
        if row["healthy_called_normal"]["value"] < 0.95
    ]
    unseen = [row for row in measured["tables"]["by_exercise"] if (row["recognised"]["value"] or 1) < 0.9]
    if unseen:
        told = [
            f"{row['exercise'].replace('_', ' ')} {per_cent(row['recognised']['value'])}" for row in unseen
        ]
        lines.append(f"Views recognised on fewer than nine photos in ten: {', '.join(told)}.")
    real = next((row for row in measured["figures"] if row["key"] == "specificity_real"), None)
    if real:
        lines.append(
            f"Of {real['pictures']} real photographs of healthy people, unmoved, {per_cent(1 - real['value'])} are "
            "called weak."
        )
    lines += [f"Worse in a group: {line}." for line in measured.get("groups_worse", [])[:4]]
    lines += [
        f"A control did not come out as expected: {line}" for line in measured.get("failed_controls", [])
    ]
    return lines + list(ALWAYS_FAILS[1:])


def per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"


def sentences(measured: dict[str, Any]) -> dict[str, Any]:
    """An evaluation as a card holds it: figures, tables and groups as data, everything else in sentences, and all the
    rest that was measured under `details`, for machines."""
    worse = [
        f"{row['family']} {row['group']}, {WORDS_OF_GROUP_FIGURES.get(row['figure'], row['figure'])} "
        f"{row['value']:.2f} against {row['overall']:.2f} of all"
        for row in measured["groups_worse"]
    ]
    failed = [
        f"{row['name']}: expected {row['expected']}." for row in measured["controls"] if row["held"] is False
    ]
    told = {**measured, "groups_worse": worse, "failed_controls": failed}
    return {
        "figures": measured["figures"],
        "tables": measured["tables"],
        "plots": measured["plots"],
        "calibration": measured["calibration"],
        "goals": goals(measured["figures"]),
        "known_failures": known_failures(told),
        "groups": measured["groups"],
        "groups_served_worse": worse or ["none: no group's whole interval lies under the figure of all"],
        "not_evaluated": [f"{row['group']}: {row['why']}" for row in measured["not_evaluated"]],
        "leak_hunt": [
            f"{row['tried']}. Expected: {row['expected']}. Showed: {row['showed'] or 'nothing'}. {row['verdict']}."
            for row in measured["leak_hunt"]
        ],
        "details": {
            key: measured[key]
            for key in (
                "groups",
                "groups_worse",
                "visits",
                "baseline",
                "controls",
                "photographs",
                "people",
                "seconds",
            )
            if key in measured
        },
    }


WORDS_OF_GROUP_FIGURES = {
    "view": "exercise recognised",
    "palsy_auc_clear": "palsy, area under the curve, grades III to VI",
    "specificity": "healthy called normal",
    "sensitivity_clear": "grades III to VI called weak",
    "side_clear": "weak side, grades III to VI",
    "within_one": "grade within one",
}
ROMAN = ("I", "II", "III", "IV", "V", "VI")


def stages(run: Path) -> list[dict[str, Any]]:
    """The runs that made a model, the first one first, each going on from the one before."""
    config = json.loads((run / "config.json").read_text())
    history = json.loads((run / "history.json").read_text())
    before = stages(Path(config["start"]).parent) if config.get("start") else []
    this = {
        "epochs": config["epochs"],
        "learning_rate": config["rate"],
        "dropout": config.get("dropout", 0.2),
        "pictures": history["pictures"]["train"],
        "people": history["people"]["train"],
        "seed": config["seed"],
    }
    return [*before, this]
