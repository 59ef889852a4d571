"""The words and rows of a model card."""

import json
from pathlib import Path
from typing import Any

import keras

from ml_training.datasets import Pictures

WORDS: dict[str, Any] = {
    "licence": "Apache-2.0",
    "intended_use": (
        "Supports clinicians in documenting facial movement: which of six exercises a frontal photo shows, "
        "whether the face looks weaker on one side, and a suggested House-Brackmann grade. Every value is "
        "preliminary until a clinician has confirmed or corrected it."
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
            "use": "textures of the simulated patients",
        },
        {
            "name": "ICT-FaceKit light, a face mesh with identity and expression shapes",
            "licence": "MIT",
            "url": "https://github.com/ICT-VGL/ICT-FaceKit",
            "use": "moves the portraits through the exercises and weakens one side",
        },
        {
            "name": "ImageNet weights of MobileNetV2 (keras.applications)",
            "licence": "Apache-2.0",
            "url": "https://keras.io/api/applications/mobilenet/",
            "use": "where training starts",
        },
        {
            "name": "Official portraits of members of the United States Congress",
            "licence": "public domain",
            "url": "https://www.congress.gov/members",
            "use": "a check on false alarms: real healthy faces, unmoved, never in training",
        },
    ],
    "known_failures": [
        "Trained and tested on simulated photos only: no figure here was measured on patients.",
        "Grade II keeps three quarters of the movement or more: four photos in five pass as normal, of grade III "
        "half.",
        "At rest a palsy up to grade IV hardly shows, and one healthy face in four is called weak there; one "
        "photo at rest says little.",
        "Of real photographs of healthy people, unmoved, nearly one in five is called weak.",
        "Eye closure and brow raise are not among the six exercises, so that grade III and IV, which they "
        "tell apart, are often confused.",
        "A one-sided sneer resembles a palsy of the other side. Judge the side on the smile or the shown teeth.",
        "Healthy faces that smile on one side by habit are called weak more often.",
        "Weakness of both sides looks symmetric and is not recognised.",
        "Covers with a pattern, beards and hair before the face may pass the quality checks and mislead.",
    ],
}

PLOTS: list[dict[str, str]] = [
    {
        "file": "exercises.png",
        "title": "Exercises: shown and said",
        "text": "Each row is an exercise that was simulated, each column what the model said, as shares.",
    },
    {
        "file": "grades.png",
        "title": "Grades: simulated and suggested",
        "text": "Each row is a simulated House-Brackmann grade, each column the grade suggested, as shares.",
    },
    {
        "file": "reliability.png",
        "title": "Reliability",
        "text": "How often the model is right, against how sure it says it is. On the diagonal both agree.",
    },
    {
        "file": "learning.png",
        "title": "Learning curves",
        "text": "Loss on training and on validation people after each epoch.",
    },
]


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


def model_row(kind: str, model: keras.Model, run: Path, file: Path, bits: int) -> dict[str, Any]:
    """What one model is and how it was trained."""
    config = json.loads((run / "config.json").read_text())
    steps = stages(run)
    return {
        "kind": kind,
        "file": file.name,
        "bytes": file.stat().st_size,
        "network": f"MobileNetV2 {config['alpha']}, every layer tuned",
        "input_px": config["size"],
        "parameters": model.count_params(),
        "weight_bits": bits,
        "epochs": sum(step["epochs"] for step in steps),
        "pictures": steps[-1]["pictures"],
        "people": steps[-1]["people"],
        "learning_rate": steps[-1]["learning_rate"],
        "batch": config["batch"],
        "seed": config["seed"],
        "started_from": "ImageNet",
        "stages": steps,
    }


def data_rows(runs: dict[str, Path], held: Pictures, data: list[Path]) -> dict[str, Any]:
    """Who is in which split; nobody is in two."""
    history = json.loads((runs["palsy"] / "history.json").read_text())
    manifest = json.loads((data[0] / "manifest.json").read_text())
    splits = {"train": {"people": history["people"]["train"], "pictures": history["pictures"]["train"]}}
    for name in ("val", "test"):
        part = held.of(name)
        splits[name] = {"people": len(set(part.person.tolist())), "pictures": len(part)}
    return {
        "kind": "simulated photos of healthy faces and of palsies, grades I to VI, six exercises",
        "split": "by person: everyone, and whoever looks like them, is in one split only",
        "splits": splits,
        "grade_shares": manifest["grade_shares"],
        "seed": manifest["seed"],
        "demo": "the demo clinic's people are composed of portraits that are in no split",
    }


FIGURES_START, FIGURES_END = "<!-- figures of the release in use: start -->", "<!-- end -->"


def figures_table(content: dict[str, Any]) -> str:
    """The card's figures as Markdown."""
    lines = [
        f"Release {content['name']}, {content['made_on']}. {content['note']}".rstrip(),
        "",
        "| Figure | Value | 95 % interval | Pictures | People |",
        "|---|---|---|---|---|",
    ]
    for row in content["figures"]:
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        lines.append(
            f"| {row['name']} | {row['value']:.3f} | {interval} | {row['pictures']} | {row['people']} |"
        )
    lines += ["", "| Grade | Called weak | Side right | Grade within one |", "|---|---|---|---|"]
    for row in content["tables"]["by_grade"]:
        side = f"{row['side']['value']:.2f}" if "side" in row else "-"
        grade = ("I", "II", "III", "IV", "V", "VI")[row["grade"] - 1]
        called, near = row["called_weak"]["value"], row["within_one"]["value"]
        lines.append(f"| {grade} | {called:.2f} | {side} | {near:.2f} |")
    lines += ["", "| Exercise | Recognised | Healthy called normal | Weak called weak | Side right |"]
    lines.append("|---|---|---|---|---|")
    for row in content["tables"]["by_exercise"]:
        keys = ("recognised", "healthy_called_normal", "weak_called_weak", "side")
        cells = " | ".join(f"{row[key]['value']:.2f}" for key in keys)
        lines.append(f"| {row['exercise'].replace('_', ' ')} | {cells} |")
    return "\n".join(lines)


def with_figures(document: str, content: dict[str, Any]) -> str:
    """The document with its table of figures made anew."""
    before, rest = document.split(FIGURES_START)
    _, after = rest.split(FIGURES_END, 1)
    return f"{before}{FIGURES_START}\n{figures_table(content)}\n{FIGURES_END}{after}"
