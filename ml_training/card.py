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
            "use": "the 478 points, and the 52 expressions read from them, that the network sees beside the pixels; "
            "its maker says it is not for medical use",
        },
        {
            "name": "Official portraits of members of the United States Congress",
            "licence": "public domain",
            "url": "https://www.congress.gov/members",
            "use": "textures too, where the mouth is closed, healthy faces as they are, and drawn out of shape on one "
            "side; those of test people are the check on false alarms",
        },
        {
            "name": "FairFace, photographs of adults (Karkkainen and Joo, WACV 2021)",
            "licence": "CC BY 4.0",
            "url": "https://github.com/joojs/fairface",
            "use": "views of real faces, labelled by eye; 271 of them, of other people, only to measure on",
        },
        {
            "name": "Face Research Lab London Set (DeBruine and Jones, 2017)",
            "licence": "CC BY 4.0",
            "url": "https://doi.org/10.6084/m9.figshare.5047666.v5",
            "use": "views of real faces, at rest and smiling, labelled by eye, as they are and drawn out of shape on "
            "one side",
        },
        {
            "name": "Young Adult White Faces with Manipulated Versions, the unmanipulated ones (DeBruine and Jones)",
            "licence": "CC BY 4.0",
            "url": "https://doi.org/10.6084/m9.figshare.4220517.v1",
            "use": "real faces at rest",
        },
        {
            "name": "lisa and zoom of webmorphR.stim (DeBruine)",
            "licence": "CC0",
            "url": "https://github.com/debruine/webmorphR.stim",
            "use": "a real face at rest from eight distances",
        },
        {
            "name": "SFHQ-T2I, portraits of people who don't exist (Beniaguev)",
            "licence": "MIT",
            "url": "https://github.com/SelfishGene/SFHQ-T2I-dataset",
            "use": "textures of simulated patients, and views, labelled by eye",
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
    "real_view_rest": 0.85,
    "real_view_closed_smile": 0.80,
    "real_view_smile_with_teeth": 0.85,
    "real_weak": 0.05,
    "real_uncertain": 0.25,
    "real_palsy_auc": 0.96,
    "real_doubted": 0.03,
    "real_found": 0.80,
    "clear_weak": 0.85,
    "clear_uncertain": 0.25,
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
    "visit_sensitivity_clear": 0.95,
    "visit_specificity": 0.95,
    "visit_side_clear": 0.98,
    "visit_within_one": 0.95,
    "visit_kappa": 0.85,
}
"""What was wanted before anything was measured; of `AT_MOST` at most, of all else at least."""
AT_MOST: tuple[str, ...] = ("calibration", "real_weak", "real_uncertain", "real_doubted", "clear_uncertain")
"""How the keys of figures begin that are better the smaller they are."""


def goals(figures: list[dict[str, Any]]) -> list[str]:
    """What was wanted and what was reached, a sentence each; a goal that was not measured says so."""
    known = {row["key"]: row for row in figures}
    lines = []
    for key, wanted in GOALS.items():
        row, at_most = known.get(key), key.startswith(AT_MOST)
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
    lines += real_failures({row["key"]: row for row in measured["figures"]})
    lines += [f"Worse in a group: {line}." for line in measured.get("groups_worse", [])[:4]]
    lines += [
        f"A control did not come out as expected: {line}" for line in measured.get("failed_controls", [])
    ]
    return lines + list(ALWAYS_FAILS[1:])


def real_failures(known: dict[str, dict[str, Any]]) -> list[str]:
    """What goes wrong on real photographs."""
    lines = []
    if real := known.get("real_weak"):
        uncertain = known["real_uncertain"]["value"]
        lines.append(
            f"Of {real['pictures']} real photographs of healthy people, {per_cent(real['value'])} are called weak and "
            f"{per_cent(uncertain)} uncertain."
        )
    elif real := known.get("specificity_real"):
        lines.append(
            f"Of {real['pictures']} real photographs of healthy people, unmoved, {per_cent(1 - real['value'])} are "
            "called weak."
        )
    for key, row in known.items():
        if key.startswith("real_view_") and row["value"] < GOALS.get(key, 0.85):
            view = key.removeprefix("real_view_").replace("_", " ")
            lines.append(
                f"Of {row['pictures']} real photographs that show {view}, {per_cent(1 - row['value'])} are seen as "
                "another view."
            )
    return lines


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
                "real",
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


def judgement_row(file: Path) -> dict[str, Any]:
    """The network's other file."""
    told = "judges what the network saw in a photo, beside what it saw of the face at rest or alone"
    return {"kind": "judgement", "file": file.name, "bytes": file.stat().st_size, "network": told}


def stages(run: Path) -> list[dict[str, Any]]:
    """The runs that made a model, the first one first, each going on from the one before. What `recover` made of a
    release has that release's."""
    if (known := run / "stages.json").is_file():
        return list(json.loads(known.read_text()))
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
