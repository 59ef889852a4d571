"""The card of an acceptance set: figures of one release on a clinic's own people, signed, and read again.

It is signed as the log is (`clinic.audit.statements`): with a key that lies outside the database, so that whoever holds
that key can tell whether a card was altered. It holds counts, and neither a file's name nor a person's code.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from clinic.audit.statements import keys, sign

from .acceptance import LEAST_SHOWN, Run, figures, subgroups

FORM: Final = "risorius-acceptance-card"
FORM_VERSION: Final = 1
LIMITS: Final = (
    "The people are those of one clinic's own set; how they were chosen and labelled is that clinic's to tell.",
    "An uncertain verdict counts as neither found nor cleared.",
    "Intervals are 95 % and count people: photos of one person are no independent evidence.",
    "These figures support documentation. They are no proof of diagnostic performance.",
)
NAMES: Final = {
    "sensitivity": "Sensitivity (palsy found)",
    "specificity": "Specificity (healthy cleared)",
    "uncertain": "Left uncertain",
    "auc": "Area under the ROC curve",
    "side": "Weak side right, where one was named",
    "grade_within_one": "House-Brackmann grade within one",
    "view": "View right",
    "rejected": "Photos without a result",
}


def card_of(
    *, ran: Run, release: Mapping[str, Any], labels_sha256: str, by: str, at: str, program: str
) -> dict[str, Any]:
    """The signed card. release: name, fingerprint and checksums of the files; at: ISO date and time."""
    people = ran.people
    card = {
        "form": FORM,
        "version": FORM_VERSION,
        "program": program,
        "release": dict(release),
        "made_at": at,
        "made_by": by,
        "set": {
            "people": len(people),
            "healthy": sum(not one.palsy for one in people),
            "palsy": sum(one.palsy for one in people),
            "photos": sum(len(one.photos) for one in people),
            "labels_sha256": labels_sha256,
            "photos_sha256": ran.photos_sha256,
        },
        "figures": figures(people),
        "subgroups": subgroups(people),
        "limits": list(LIMITS),
    }
    name, key = next(iter(keys().items()))
    return card | {"signature": {"key": name, "hash": sign(key, FORM, _canonical(card))}}


def altered(card: Any) -> str:
    """Why this can't be believed to be a card that was made here; empty where it is one, as it was made."""
    if not isinstance(card, Mapping) or card.get("form") != FORM:
        return "This is no acceptance card."
    signature = card.get("signature")
    if not isinstance(signature, Mapping):
        return "It has no signature."
    key = keys().get(str(signature.get("key")))
    if key is None:
        return "It was signed with a key that is not known here: ask the clinic that made it to verify it."
    rest = {name: value for name, value in card.items() if name != "signature"}
    if not hmac.compare_digest(sign(key, FORM, _canonical(rest)), str(signature.get("hash"))):
        return "It is not as it was signed: somebody changed it since."
    return ""


def _canonical(card: Mapping[str, Any]) -> str:
    return json.dumps(card, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


# --- the page -----------------------------------------------------------------------------------------------------


def page_of(card: Mapping[str, Any]) -> str:
    """The card for a reader, as Markdown."""
    about, found = card["set"], card["figures"]
    lines = [
        f"# Acceptance of release {_plain(card['release']['name'])}",
        "",
        f"Made {card['made_at']} by {_plain(card['made_by'])} with Risorius {card['program']}, on the clinic's own "
        f"set: {about['people']} people ({about['palsy']} with a palsy, {about['healthy']} healthy), "
        f"{about['photos']} photos.",
        "",
        "## By people",
        "",
        *_table(found["people"]),
        "",
        f"People without a photo that could be judged: {found['people']['without_result']}.",
        "",
        "## By photos, intervals by people",
        "",
        *_table(found["photos"]),
        "",
    ]
    if found["rejections"]:
        lines += ["## Photos without a result, by reason", "", "| Reason | Photos |", "|---|---|"]
        lines += [f"| {_plain(code)} | {count} |" for code, count in found["rejections"].items()] + [""]
    if found["views"]:
        lines += ["## Views: as labelled, and as seen", "", "| Labelled | Seen |", "|---|---|"]
        for view, seen in found["views"].items():
            lines.append(
                f"| {_plain(view)} | {', '.join(f'{_plain(name)} {n}' for name, n in seen.items())} |"
            )
        lines.append("")
    for column, groups in card["subgroups"].items():
        lines += [f"## By {_plain(column.removeprefix('group_'))}", ""]
        for value, group in groups.items():
            lines += [f"**{_plain(value)}** ({group['people']} people)", ""]
            few = f"Fewer than {LEAST_SHOWN} people: no figures."
            lines += [*(_table(group) if group["people"] >= LEAST_SHOWN else [few]), ""]
    lines += ["## What to keep in mind", "", *(f"- {line}" for line in card["limits"]), ""]
    lines += [
        f"Release fingerprint `{card['release']['fingerprint']}`; labels `{about['labels_sha256']}`; photos "
        f"`{about['photos_sha256']}`. Signed with key {card['signature']['key']}; verify the JSON file with "
        "`manage.py validate_release --verify CARD.json`.",
        "",
    ]
    return "\n".join(lines)


def _table(figures: Mapping[str, Any]) -> list[str]:
    rows = ["| Figure | Value | 95 % interval | Of |", "|---|---|---|---|"]
    for name, title in NAMES.items():
        one = figures.get(name)
        if isinstance(one, Mapping):
            value, low, high = (_number(one[key]) for key in ("value", "low", "high"))
            of = f"{one['count']}" + (f" photos of {one['people']} people" if "people" in one else " people")
            rows.append(f"| {title} | {value} | {low} to {high} | {of} |")
    return rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _plain(text: Any) -> str:
    """A name in a table of Markdown, with nothing that Markdown or a browser would read otherwise."""
    return "".join(letter if letter.isalnum() or letter in " .,:+-_/()" else "?" for letter in str(text))
