"""The OpenAPI document: complete, true to the code, and with examples that fit it."""

from __future__ import annotations

import json

import pytest
import yaml
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from clinic.accounts.models import User
from clinic.api.views import schema as schema_views
from clinic.api.views.schema import SchemaView
from clinic.patients.models import Patient

from .contract import SNAPSHOT, document, errors_of, resolved

OPERATIONS = [
    (f"{method} {path}", operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
]
each_operation = pytest.mark.parametrize(
    "operation", [operation for _name, operation in OPERATIONS], ids=[name for name, _operation in OPERATIONS]
)
RENEW = "python manage.py spectacular --validate --fail-on-warn --file clinic/api/schema.yaml"
BINARY = {"image/jpeg", "application/pdf"}


def contents(operation):
    """Each content of its request and of its answers, with where it stands."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", media_type, content
    for status, response in operation["responses"].items():
        for media_type, content in resolved(response).get("content", {}).items():
            yield f"{status} {media_type}", media_type, content


def test_the_snapshot_is_what_the_code_says(tmp_path):
    made = tmp_path / "schema.yaml"
    with translation.override("en"):
        call_command("spectacular", "--validate", "--fail-on-warn", file=str(made))
    assert made.read_text(encoding="utf-8") == SNAPSHOT.read_text(encoding="utf-8"), (
        f"The API changed. Look at the difference and, if it is meant, run: {RENEW}"
    )


@pytest.mark.django_db
def test_the_document_is_served_to_whoever_asks(client):
    answer = client.get(reverse("api:schema"))
    assert answer.status_code == 200
    served = yaml.safe_load(answer.content)
    assert served["openapi"] == "3.1.0"
    assert served["paths"].keys() == document()["paths"].keys()


@pytest.mark.django_db
def test_nobody_has_the_document_made_over_and_over(client, monkeypatch):
    """Making it costs hundreds of milliseconds, and whoever asks needs no login."""
    address, made = reverse("api:schema"), []
    get_schema = SchemaView.generator_class.get_schema
    monkeypatch.setattr(schema_views, "_made", {})
    monkeypatch.setattr(
        SchemaView.generator_class,
        "get_schema",
        lambda self, *args, **more: made.append(1) or get_schema(self, *args, **more),
    )
    answers = {client.get(address, {"lang": lang}).content for lang in ("en", "en", "xx", "yy", "../en", "")}
    assert len(made) == len(answers) == 1
    as_json = client.get(address, headers={"accept": "application/vnd.oai.openapi+json"})
    assert json.loads(as_json.content)["openapi"] == "3.1.0" and len(made) == 2


@each_operation
def test_every_operation_is_described(operation):
    assert operation["summary"] and operation["description"]
    assert operation["summary"] != operation["description"]
    for status, response in operation["responses"].items():
        assert resolved(response)["description"], status


@each_operation
def test_every_operation_has_examples_that_fit(operation):
    for where, media_type, content in contents(operation):
        if media_type in BINARY:
            continue
        assert "example" in content, where
        assert errors_of(content["schema"], content["example"]) == [], where


@each_operation
def test_every_operation_says_what_can_go_wrong(operation):
    statuses = set(operation["responses"])
    assert "429" in statuses
    if operation["security"] != [{}] if "security" in operation else False:
        assert "401" in statuses
    assert {"413", "415"} <= statuses if "requestBody" in operation else True
    for status in statuses:
        if status >= "400":
            assert list(resolved(operation["responses"][status])["content"]) == ["application/problem+json"]


def test_every_group_is_described_and_used():
    described = {tag["name"] for tag in document()["tags"] if tag["description"]}
    assert described == {tag for _name, operation in OPERATIONS for tag in operation["tags"]}


@pytest.mark.django_db
def test_the_examples_are_of_nobody():
    text = SNAPSHOT.read_text(encoding="utf-8")
    assert "example.com" not in text
    assert not User.objects.exists() and not Patient.objects.exists()
