"""docker/kubernetes/: valid to the letter, no right to spare, in agreement with settings and compose file."""

from __future__ import annotations

import json
import shlex
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from clinic.config.celery import app

from . import shipped

FOLDER = shipped.DOCKER / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
DOCUMENTS = [(name, one) for name, one in shipped.manifests() if name != "kustomization.yaml"]
# Kinds of KEDA's; no schema of theirs is at hand, so that what they say is compared with what is there.
OF_OTHERS = {"ScaledObject", "TriggerAuthentication"}
OURS = {
    "web": "risorius-web",
    "prepare": "risorius-web",
    "worker": "risorius-worker",
    "beat": "risorius-worker",
}


def named(kind: str, name: str) -> dict[str, Any]:
    [found] = [one for _file, one in DOCUMENTS if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def pods() -> list[tuple[str, dict[str, Any]]]:
    """Each pod's specification, by the component that it is."""
    found = []
    for _file, one in DOCUMENTS:
        spec = one.get("spec", {})
        if one["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if one["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob"):
            found.append(
                (
                    spec["template"]["metadata"]["labels"]["app.kubernetes.io/component"],
                    spec["template"]["spec"],
                )
            )
    return found


PODS = pods()


@pytest.mark.parametrize(
    ("file", "document"),
    DOCUMENTS,
    ids=[f"{file}-{one['kind']}-{one['metadata']['name']}" for file, one in DOCUMENTS],
)
def test_each_document_is_valid(file: str, document: dict[str, Any]) -> None:
    if document["kind"] in OF_OTHERS:
        assert document["apiVersion"] == "keda.sh/v1alpha1"
        return
    kubernetes_validate.validate(document, "1.34", strict=True)


def test_the_kustomization_has_every_file() -> None:
    assert set(KUSTOMIZATION["resources"]) == {file for file, _one in DOCUMENTS}
    # kustomize refuses whatever lies outside of its own folder.
    assert all("/" not in file and (FOLDER / file).is_file() for file in KUSTOMIZATION["resources"])
    assert set(KUSTOMIZATION) == {"apiVersion", "kind", "namespace", "resources", "images"}
    script = named("ConfigMap", "risorius-redis")["data"]["start.sh"]
    assert script == (shipped.DOCKER / "redis" / "start.sh").read_text()
    pinned = {image["name"]: image["newTag"] for image in KUSTOMIZATION["images"]}
    assert "latest" not in pinned.values()
    for component, spec in PODS:
        for container in spec["containers"]:
            assert container["image"] in pinned, component
    composed = {
        one["image"].partition(":")[0]: one["image"].partition("@")[0].partition(":")[2]
        for one in shipped.services().values()
    }
    assert {name: tag for name, tag in pinned.items() if composed[name] != tag} == {}


@pytest.mark.parametrize(("component", "spec"), PODS, ids=[component for component, _spec in PODS])
def test_each_pod_is_restricted_and_limited(component: str, spec: dict[str, Any]) -> None:
    assert spec["automountServiceAccountToken"] is False
    around = spec["securityContext"]
    assert around["runAsNonRoot"] is True and around["runAsUser"] > 0
    assert around["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        assert not [
            one
            for one in container.get("env", [])
            if "SECRET" in one["name"] or one["name"].endswith("PASSWORD")
        ]
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= {"secret", "emptyDir", "persistentVolumeClaim", "configMap"}, volume
        if "emptyDir" in volume:
            assert volume["emptyDir"]["sizeLimit"]


def test_the_processes_are_those_of_the_compose_file() -> None:
    composed = shipped.services()
    seen = set()
    for component, spec in PODS:
        [container] = spec["containers"]
        assert (
            composed.get(component) is None
            or str(spec["securityContext"]["runAsUser"]) == composed[component]["user"].partition(":")[0]
        )
        if component not in OURS:
            continue
        seen.add(component)
        assert container["image"] == shipped.image_name(composed[component]) == OURS[component]
        assert container.get(
            "args", shipped.command_of({"image": f"{container['image']}:1"})
        ) == shipped.command_of(composed[component])
        if component != "prepare":
            word = shlex.join(composed[component]["healthcheck"]["test"][1:])
            assert shlex.join(container["livenessProbe"]["exec"]["command"]).startswith(word)
            assert "startupProbe" in container
            assert spec["terminationGracePeriodSeconds"] >= shipped.seconds(
                composed[component]["stop_grace_period"]
            )
    assert seen == set(OURS)
    given = {
        key: value for key, value in composed["web"]["environment"].items() if not key.endswith("BY_PROXY")
    }
    assert set(named("ConfigMap", "risorius-settings")["data"]) == set(given)


def test_workers_may_finish_what_they_hold() -> None:
    longest = settings.ANALYSIS_HARD_LIMIT + 15
    composed = shipped.seconds(shipped.services()["worker"]["stop_grace_period"])
    assert composed >= longest
    assert (
        named("Deployment", "worker")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == composed
    )


def test_there_is_one_beat_and_no_gap_in_the_web() -> None:
    beat, web = named("Deployment", "beat")["spec"], named("Deployment", "web")["spec"]
    assert beat["replicas"] == 1 and beat["strategy"] == {"type": "Recreate"}
    assert web["replicas"] >= 2 and web["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    [container] = web["template"]["spec"]["containers"]
    assert container["readinessProbe"]["exec"]["command"][-1] == "/readyz"
    assert container["livenessProbe"]["exec"]["command"][-1] == "/livez"
    for name in ("web", "worker"):
        budget = named("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"]
        assert budget == named("Deployment", name)["spec"]["selector"]["matchLabels"]


def test_workers_follow_the_queue() -> None:
    scaled = named("ScaledObject", "worker")["spec"]
    assert scaled["scaleTargetRef"]["name"] == named("Deployment", "worker")["metadata"]["name"]
    assert "replicas" not in named("Deployment", "worker")["spec"], "the autoscaler's alone"
    assert 1 <= scaled["minReplicaCount"] < scaled["maxReplicaCount"]
    [trigger] = scaled["triggers"]
    assert trigger["type"] == "redis" and trigger["metadata"]["listName"] == settings.ANALYSIS_QUEUE
    address, _, port = trigger["metadata"]["address"].partition(":")
    assert (
        address
        == f"{named('Service', 'broker')['metadata']['name']}.{KUSTOMIZATION['namespace']}.svc.cluster.local"
    )
    assert int(port) == named("Service", "broker")["spec"]["ports"][0]["port"]
    assert named("ConfigMap", "risorius-settings")["data"]["RISORIUS_BROKER_URL"].endswith(
        f"/{trigger['metadata']['databaseIndex']}"
    )
    assert (
        named("TriggerAuthentication", trigger["authenticationRef"]["name"])["spec"]["secretTargetRef"][0][
            "key"
        ]
        == "broker_password"
    )


@pytest.mark.django_db
def test_the_list_that_is_counted_is_the_one_that_celery_fills() -> None:
    """A waiting photo makes Redis' list longer by one; work that nobody waits for doesn't."""
    name = f"{settings.ANALYSIS_QUEUE}"
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        before = channel.client.llen(name)
        try:
            app.send_task("tests.nothing", queue=name, retry=False)
            app.send_task("tests.nothing", queue=name, priority=9, retry=False)
            assert channel.client.llen(name) == before + 1
        finally:
            channel.queue_purge(name)


def test_nobody_talks_unless_a_rule_says_so() -> None:
    rules = {
        one["metadata"]["name"]: one["spec"] for _file, one in DOCUMENTS if one["kind"] == "NetworkPolicy"
    }
    nobody = rules.pop("nobody-talks")
    assert nobody == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert "0.0.0.0" not in json.dumps(rules), "no way out"
    components = {component for component, _spec in PODS}
    selected = {
        spec["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/component")
        for spec in rules.values()
    } - {None}
    assert selected == components
    for name in ("database", "broker"):
        spec = rules[name]
        assert spec["policyTypes"] == ["Ingress"] and "egress" not in spec
        callers = {
            peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component")
            or peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
            for rule in spec["ingress"]
            for peer in rule["from"]
        }
        assert callers <= {*components, "keda"} and "database" not in callers
    for name in set(OURS) - {"web"}:
        assert rules[name]["policyTypes"] == ["Egress"], f"nobody calls {name}"


@pytest.mark.parametrize(
    "name", [one["metadata"]["name"] for _file, one in DOCUMENTS if one["kind"] == "Ingress"]
)
def test_an_ingress_is_reached_by_tls_alone(name: str) -> None:
    ingress = named("Ingress", name)
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-redirect"] == "true"
    spec = ingress["spec"]
    assert spec["tls"][0]["hosts"] == [rule["host"] for rule in spec["rules"]]


def test_metrics_and_probes_lead_nowhere() -> None:
    assert "selector" not in named("Service", "nowhere")["spec"]
    (rule,) = named("Ingress", "risorius")["spec"]["rules"]
    nowhere = [one["path"] for one in rule["http"]["paths"] if one["backend"]["service"]["name"] == "nowhere"]
    assert nowhere == ["/metrics", "/readyz"]
