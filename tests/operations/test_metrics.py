"""/metrics: for a token or an allowed address alone; every metric that an alert names is there, nobody's name is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from clinic.operations import rules, thresholds
from clinic.visits import services
from clinic.visits.refusals import IntakeError
from inference.models import Canary
from tests import factories
from tests.visits.pictures import encoded, upload

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "docker" / "prometheus" / "alerts.yml"
RUNBOOK = ROOT / "docs" / "operations-runbook.md"
TOKEN = "a-token-of-some-length"
WORDS = {"sum", "rate", "by", "and", "or", "up", "status", "job", "max"}


def read(client: Client | None = None, **headers: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Each metric with its samples by their labels' values."""
    answer = (client or Client()).get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **headers})
    assert answer.status_code == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def test_nobody_reads_them_unless_the_settings_say_who(db, settings):
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ("", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer é"):
        assert Client().get("/metrics", headers={"authorization": given}).status_code == 404
    assert Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_an_allowed_address_reads_them_but_not_through_a_proxy(db, settings):
    settings.METRICS_ADDRESSES = ["10.1.0.0/16"]
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.2.2.3").get("/metrics").status_code == 404
    settings.PROXIES = 1
    for client, claim in (("10.1.2.3", "203.0.113.9"), ("10.2.2.3", "10.1.2.3")):
        answer = Client(REMOTE_ADDR=client).get("/metrics", headers={"x-forwarded-for": claim})
        assert answer.status_code == 404


def test_a_login_is_no_token(as_administrator):
    assert as_administrator.get("/metrics").status_code == 404


def test_counts_are_the_rows(token, visit):
    factories.AnalysisFactory(photo__visit=visit)
    factories.AnalysisFactory(photo__visit=visit, queued=True)
    factories.failed(factories.PhotoFactory(visit=visit), "timed_out")
    factories.count_releases()
    Canary.objects.create(queue="analysis")
    found = read()
    assert found["risorius_queue_length"][()] == 1
    assert found["risorius_analyses"][("succeeded",)] == 1
    assert found["risorius_failed_day_by_code"] == {("timed_out",): 1.0}
    assert found["risorius_backup_age_seconds"][()] == float("inf")
    assert found["risorius_release_usable"][()] == 1
    body = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()
    for word in (visit.patient.name, visit.patient.record_number, str(visit.pk), visit.clinician.email):
        assert word not in body


def test_uploads_are_counted_by_what_became_of_them(token, visit):
    before = read().get("risorius_uploads_total", {})
    good = {"user": visit.clinician, "visit": visit, "exercise": "smile"}
    services.store_photo(upload=upload(encoded()), **good)
    with pytest.raises(IntakeError):
        services.store_photo(upload=upload(b"GIF89a nothing", name="x.jpg"), **good)
    after = read()["risorius_uploads_total"]
    grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    assert grown[("stored",)] == 1
    assert sum(grown.values()) == 2


def test_requests_are_told_by_the_page_s_name_never_its_address(token, as_administrator, visit):
    as_administrator.get(f"/visits/{visit.pk}/")
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert b"visits:detail" in answer.content
    assert str(visit.pk).encode() not in answer.content


def test_every_metric_of_the_alert_rules_exists(token, as_administrator):
    as_administrator.get("/")
    Canary.objects.create(queue="analysis")
    found = read()
    for rule in rules.RULES:
        expression = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", rule.expression)
        for name in set(re.findall(r"[a-z_]{2,}", expression)) - WORDS:
            assert name in found, (rule.name, name)


def test_the_rules_file_is_the_table_and_has_the_shape_of_one(capsys):
    call_command("alert_rules")
    assert ALERTS.read_text() == capsys.readouterr().out, (
        "Run: python manage.py alert_rules > docker/prometheus/alerts.yml"
    )
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    alerts = [alert for group in groups for alert in group["rules"]]
    assert len({alert["alert"] for alert in alerts}) == len(alerts) == len(rules.RULES)
    for alert in alerts:
        assert set(alert) == {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[mh]", alert["for"])
        assert alert["labels"]["severity"] in ("critical", "warning")
        for opening, closing in ("()", "[]", "{}"):
            assert alert["expr"].count(opening) == alert["expr"].count(closing)
        assert re.search(r"(==|>|<|>=) ?[\d.]+$", alert["expr"])


def test_each_alert_has_its_lines_in_the_runbook():
    sections = re.split(r"^## ", RUNBOOK.read_text(), flags=re.MULTILINE)
    about = {section.splitlines()[0].strip(): section for section in sections[1:]}
    for rule in rules.RULES:
        section = about[rule.name]
        for part in ("**What it means.**", "**What is safe.**", "**What to do.**"):
            assert part in section, (rule.name, part)


def test_the_page_and_the_site_s_frame_agree_on_patience(settings):
    """The page must not say that all is well while each page says that analysis is delayed for long."""
    assert settings.ANALYSIS_STALE_AFTER <= thresholds.QUEUE_AGE
    assert settings.CANARY_STALE_AFTER <= thresholds.CANARY_AGE
