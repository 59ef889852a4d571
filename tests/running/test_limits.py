"""The same limits of bodies and memory in nginx', the compose, Kubernetes' and gunicorn's files, and the settings."""

from __future__ import annotations

import re
import runpy
from typing import Any

import yaml
from django.conf import settings
from django.urls import resolve, reverse

from . import shipped

UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "": 1, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}
TEMPLATE = (shipped.DOCKER / "nginx" / "nginx.conf.template").read_text()
SERVICES = shipped.services()
PROXY = SERVICES["proxy"]
RANDOM = "6f2f4f5e-0000-4000-8000-000000000000"
WEB_MEMORY = 400 * 1024**2
"""What a web process may have for itself; the drill `budget` measures it (docs/faults.md)."""
CHILD_MEMORY = 96 * 1024**2
"""What a decoding process has before it decodes: Python, Pillow and what they load."""
ANNOTATION = "nginx.ingress.kubernetes.io/"


def size(text: str | int) -> int:
    found = re.fullmatch(r"(\d+)([kmg]|[KMG]i)?", str(text))
    assert found, text
    return int(found[1]) * UNITS[found[2] or ""]


def connections(zone: str) -> int:
    [most] = re.findall(rf"limit_conn {zone} (\d+);", TEMPLATE)
    return int(most)


def tmpfs(service: dict[str, Any], path: str) -> int:
    [found] = [one for one in service["tmpfs"] if one.startswith(f"{path}:")]
    [room] = re.findall(r"size=(\w+)", found)
    return size(room)


def ingresses() -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for _file, one in shipped.manifests() if one["kind"] == "Ingress"}


def paths_of(ingress: dict[str, Any]) -> list[str]:
    return [one["path"] for rule in ingress["spec"]["rules"] for one in rule["http"]["paths"]]


def upload_paths() -> list[str]:
    found = []
    for name in settings.UPLOAD_PAGES:
        found.append(reverse(name, args=[RANDOM] if name == "visits:upload" else []))
        assert resolve(found[-1]).view_name == name
    return found


def test_nginx_takes_what_the_settings_take() -> None:
    given = PROXY["environment"]
    assert size(given["NGINX_UPLOAD_LIMIT"]) == settings.LARGEST_UPLOAD
    assert size(given["NGINX_BODY_LIMIT"]) == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    [where] = re.findall(r"location ~ (\^/\(visits\S+) \{", TEMPLATE)
    assert all(re.search(where, path) for path in upload_paths())
    for path in (
        f"/photos/{RANDOM}/",
        f"/visits/{RANDOM}/",
        f"/api/v1/photos/{RANDOM}/",
        "/quick-check/more/",
    ):
        assert not re.search(where, path)


def test_all_bodies_together_have_room_in_the_proxys_memory() -> None:
    uploads = connections("uploads") * settings.LARGEST_UPLOAD
    others = connections("bodies") * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    room = tmpfs(PROXY, "/tmp")
    assert uploads + others < room
    assert connections("uploads_by_address") < connections("uploads")
    assert connections("bodies_by_address") < connections("bodies")
    # What nobody is asked for stays in memory, whoever sends it.
    [buffer] = re.findall(r"client_body_buffer_size (\w+);", TEMPLATE)
    assert size(buffer) >= 10_000
    [seen] = re.findall(r"location @reads \{\s+client_max_body_size (\w+);", TEMPLATE)
    assert size(seen) <= size(buffer)
    [most] = re.findall(r"worker_connections (\d+);", TEMPLATE)
    memory = size(PROXY["deploy"]["resources"]["limits"]["memory"])
    assert room + tmpfs(PROXY, "/tmp/answers") + int(most) * size(buffer) < memory


def test_every_address_that_takes_a_body_asks_first() -> None:
    """Each location that hands on to Django is either asked for, inner, or without a body that is stored."""
    blocks = re.findall(r"\n        location (\S+(?: \S+)?) \{(.*?)\n        \}", TEMPLATE, re.DOTALL)
    handing = {name for name, text in blocks if "proxy_pass" in text}
    assert handing == {"= /proxy-ask/", "@reads", "@writes", "@uploads"}
    for name, text in blocks:
        if "try_files" in text and "@" in text:
            assert "auth_request /proxy-ask/;" in text, name
    assert (
        "limit_conn uploads " in dict(blocks)["@uploads"] and "limit_conn bodies " in dict(blocks)["@writes"]
    )


def test_kubernetes_takes_what_nginx_takes() -> None:
    found = ingresses()
    assert set(found) == {"risorius", "risorius-uploads", "risorius-uploads-api"}
    pages = found.pop("risorius")["metadata"]["annotations"]
    assert size(pages[f"{ANNOTATION}proxy-body-size"]) == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert int(pages[f"{ANNOTATION}limit-connections"]) >= connections("bodies_by_address")
    where = [path for ingress in found.values() for path in paths_of(ingress)]
    for path in upload_paths():
        assert any(re.fullmatch(one, path) for one in where), path
    for ingress in found.values():
        uploads = ingress["metadata"]["annotations"]
        assert size(uploads[f"{ANNOTATION}proxy-body-size"]) == settings.LARGEST_UPLOAD
        assert int(uploads[f"{ANNOTATION}limit-connections"]) == connections("uploads_by_address")
        asked = uploads[f"{ANNOTATION}auth-url"]
        assert asked.endswith(reverse("api:caller")) and ".svc.cluster.local:8000/" in asked
        assert uploads[f"{ANNOTATION}use-regex"] == "true"
    for one in (pages, *(ingress["metadata"]["annotations"] for ingress in found.values())):
        assert one[f"{ANNOTATION}proxy-request-buffering"] == "on"
    hosts = {rule["host"] for one in ingresses().values() for rule in one["spec"]["rules"]}
    assert len(hosts) == 1


def test_web_processes_and_decoders_fit_into_their_containers() -> None:
    gunicorn = runpy.run_path(str(shipped.DOCKER / "gunicorn.conf.py"))
    decoders = int(SERVICES["web"]["environment"]["RISORIUS_DECODERS"])
    child = CHILD_MEMORY + settings.DECODING_MEMORY
    needed = gunicorn["workers"] * (WEB_MEMORY + decoders * child)
    limit = size(SERVICES["web"]["deploy"]["resources"]["limits"]["memory"])
    assert needed + tmpfs(SERVICES["web"], "/tmp") <= limit
    kinds = {
        (one["kind"], one["metadata"]["name"]): one for _file, one in shipped.manifests() if "metadata" in one
    }
    pod = kinds["Deployment", "web"]["spec"]["template"]["spec"]["containers"][0]
    assert size(pod["resources"]["limits"]["memory"]) == limit
    data = kinds["ConfigMap", "risorius-settings"]["data"]
    assert data["RISORIUS_DECODERS"] == str(decoders)
    # Threads stay for pages and probes, whoever uploads.
    assert gunicorn["threads"] - 3 >= settings.UPLOADS_AT_ONCE
    assert settings.UPLOADS_MEMORY >= settings.LARGEST_UPLOAD


def test_compose_and_kubernetes_files_are_read_whole() -> None:
    assert yaml.safe_load((shipped.DOCKER / "compose.yml").read_text())["services"].keys() == SERVICES.keys()
