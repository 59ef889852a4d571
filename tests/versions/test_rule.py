"""Records on file are put away in one way, which raises their version."""

from __future__ import annotations

import ast

from ..house.test_rules import PRODUCT, name

# What has no versions, or is just being made.
ALLOWED = {
    ("clinic/accounts/services.py", "place"),
    ("clinic/accounts/services.py", "user"),
    ("clinic/accounts/services_invitations.py", "user"),
    ("clinic/accounts/services_tokens.py", "label"),
    ("clinic/audit/services.py", "events[0]"),
    ("clinic/feed/services.py", "feed"),
    ("clinic/rights/erasure.py", "erasure"),
    ("clinic/rights/services.py", "restriction"),
    ("clinic/rights/services.py", "found"),
    ("clinic/recovery/services.py", "summary"),
    ("clinic/visits/services.py", "confirmation"),
    ("clinic/visits/services_mirroring.py", "picture"),
}
VERSIONED = {
    "Patient",
    "Episode",
    "Treatment",
    "Consent",
    "Correction",
    "Visit",
    "Photo",
    "Clinic",
    "Membership",
    "Task",
}


def test_services_save_records_by_the_one_function_that_raises_their_version():
    found = set()
    for path in PRODUCT:
        if not name(path).startswith("clinic/") or not path.stem.startswith(
            ("services", "erasure", "consenting")
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "save"
            ):
                found.add((name(path), ast.unparse(node.func.value)))
    assert found - ALLOWED == set(), "call clinic.common.writing.save"


def test_no_record_with_versions_is_changed_past_them():
    found = []
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            chain = ast.unparse(node.func.value)
            if node.func.attr in ("update", "bulk_update") and chain.partition(".objects")[0] in VERSIONED:
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []
