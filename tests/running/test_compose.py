"""docker/compose.yml and the Dockerfiles: linted, and the facts that no linter knows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.store import keyring

from . import shipped

SERVICES = shipped.services()
EACH = pytest.mark.parametrize(("name", "service"), SERVICES.items(), ids=list(SERVICES))
MACHINE_LEARNING = (
    "tensorflow",
    "keras",
    "mediapipe",
    "opencv",
    "ai-edge-litert",
    "jax",
    "torch",
    "numpy",
    "scipy",
)


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


@pytest.mark.parametrize("file", [*shipped.DOCKERFILES.values()], ids=lambda path: path.name)
def test_hadolint_minds_nothing(file: Path) -> None:
    done = subprocess.run(
        [tool("hadolint"), "--failure-threshold", "style", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and not done.stdout, done.stdout


def test_the_compose_files_follow_their_specification() -> None:
    files = [shipped.DOCKER / f"compose{more}.yml" for more in ("", ".sealed", ".s3", ".tls")]
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@EACH
def test_each_service_has_no_right_to_spare(name: str, service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), (
        "a number, so that no image can give it another meaning"
    )
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= set(limits)
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all("docker.sock" not in volume for volume in service.get("volumes", []))


@EACH
def test_each_service_says_how_it_is(name: str, service: dict[str, Any]) -> None:
    check = service["healthcheck"]
    if "restart" in service and service["restart"] == "no":
        assert check == {"disable": True}
        return
    assert check["test"][0] in ("CMD", "CMD-SHELL") and check["interval"] and check["timeout"]
    assert shipped.seconds(service["stop_grace_period"]) >= 10


@EACH
def test_each_image_has_a_version(name: str, service: dict[str, Any]) -> None:
    _image, _, tag = service["image"].partition(":")
    assert re.match(r"\d+\.\d+", tag), "neither none nor latest"


def test_the_images_begin_with_a_version() -> None:
    for path in shipped.DOCKERFILES.values():
        bases = re.findall(r"^FROM (\S+)", path.read_text(), re.MULTILINE)
        assert len(bases) == 2 and len(set(bases)) == 1
        assert re.fullmatch(r"python:3\.1[12]\.\d+-slim-\w+", bases[0])


@pytest.mark.parametrize("missing", list(shipped.CHOSEN))
def test_nothing_that_must_be_chosen_has_a_default(missing: str) -> None:
    with pytest.raises(shipped.Missing):
        shipped.compose({**shipped.CHOSEN, missing: ""})


def test_no_secret_stands_in_the_environment_or_has_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY$", variable) and variable != "NGINX_CERTIFICATE_KEY":
                assert variable.endswith("_FILE") and value.startswith("/run/secrets/"), (name, variable)
            assert not re.search(r"://[^/@]*:[^/@]+@", str(value)), f"{name}: a password in {variable}"
    for secret in shipped.compose()["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    ignored = (shipped.ROOT / ".gitignore").read_text().split()
    assert "/docker/secrets/" in ignored and "/docker/.env" in ignored
    assert "docker/secrets" in (shipped.ROOT / ".dockerignore").read_text().split(), (
        "nor does an image hold one"
    )


def test_the_owner_of_the_tables_is_known_to_migrations_alone() -> None:
    holders = {
        name for name, service in SERVICES.items() if "database_password" in service.get("secrets", [])
    }
    assert holders == {"database", "prepare"}
    for name, service in SERVICES.items():
        url = service.get("environment", {}).get("RISORIUS_DATABASE_URL", "")
        assert not url or (name == "prepare") == url.startswith("postgres://risorius@"), name
    mounted = set()
    for file, document in shipped.manifests():
        pod = document.get("spec", {}).get("jobTemplate", document).get("spec", {}).get("template", {})
        volumes = pod.get("spec", {}).get("volumes", [])
        if any(volume.get("secret", {}).get("secretName") == "risorius-owner" for volume in volumes):
            mounted.add(file)
    assert mounted == {"prepare.yaml", "database.yaml"}


def test_the_secrets_are_made_once(tmp_path: Path) -> None:
    script = tmp_path / "secrets.sh"
    script.write_text((shipped.DOCKER / "secrets.sh").read_text())
    for _time in range(2):
        done = subprocess.run(["sh", script], capture_output=True, text=True, check=True)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
        assert set(made) == {
            "secret_key",
            "database_password",
            "database_application_password",
            "broker_password",
            "backup_passphrase",
            "metrics_token",
        }
        assert (
            all(re.fullmatch("[0-9a-f]{96}", value) for value in made.values())
            and len(set(made.values())) == 6
        )
        assert "tls_key.pem is missing" in done.stdout
    assert "made" not in done.stdout
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_database_and_broker_are_reached_by_our_processes_alone() -> None:
    networks = shipped.compose()["networks"]
    assert networks["data"]["internal"] is True and networks["pages"]["internal"] is True
    members = {
        network: {name for name, one in SERVICES.items() if network in one["networks"]}
        for network in networks
    }
    assert members["data"] == {"database", "broker", "web", "worker", "beat", "prepare"} | (
        members["data"] & {"backup"}
    )
    assert members["pages"] == {"proxy", "web"}
    assert members["outside"] == {"proxy"}
    assert [name for name, one in SERVICES.items() if one.get("ports")] == ["proxy"]
    assert all("network_mode" not in one for one in SERVICES.values())


def test_the_proxy_reads_photos_and_writes_none() -> None:
    assert set(SERVICES["proxy"]["volumes"]) >= {
        "photos:/var/lib/risorius/photos:ro",
        "static:/var/lib/risorius/static:ro",
    }
    template = (shipped.DOCKER / "nginx" / "nginx.conf.template").read_text()
    place = SERVICES["web"]["environment"]["RISORIUS_PHOTOS_BY_PROXY"]
    block = re.search(rf"location \^~ {place} {{\n\s+internal;", template)
    assert block, "photos would be public"
    assert SERVICES["web"]["environment"]["RISORIUS_PROXIES"] == "1"


def test_the_template_and_the_service_name_the_same_variables() -> None:
    pattern = r"\$\{((?:NGINX|RISORIUS)_\w+)\}"
    wanted = set(re.findall(pattern, (shipped.DOCKER / "nginx" / "nginx.conf.template").read_text()))
    assert wanted == set(re.findall(pattern, (shipped.DOCKER / "nginx" / "start.sh").read_text()))
    assert wanted == set(SERVICES["proxy"]["environment"])


def test_the_web_image_looks_into_no_picture() -> None:
    web = (shipped.DOCKER / "web-requirements.txt").read_text()
    packages = re.findall(r"^([a-z0-9_.-]+)==", web, re.MULTILINE)
    assert "django" in packages and len(packages) > 30
    assert [name for name in packages if name.startswith(MACHINE_LEARNING)] == []
    worker = re.findall(r"^([a-z0-9_.-]+)==", (shipped.ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert {"ai-edge-litert", "opencv-python-headless"} <= set(worker)
    assert [
        name for name in worker if name.startswith(("tensorflow", "keras", "jax", "mediapipe", "matplotlib"))
    ] == []
    web_file, worker_file = (path.read_text() for path in shipped.DOCKERFILES.values())
    assert "docker/web-requirements.txt" in web_file and "COPY requirements.txt" not in web_file
    assert "COPY requirements.txt" in worker_file


@pytest.mark.parametrize("path", [*shipped.DOCKERFILES.values()], ids=lambda path: path.name)
def test_what_an_image_copies_is_there(path: Path) -> None:
    for word, rest in shipped.dockerfile(path):
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (shipped.ROOT / source).exists(), source
    [user] = [rest for word, rest in shipped.dockerfile(path) if word == "USER"]
    assert user == SERVICES["web"]["user"] == SERVICES["worker"]["user"]


def test_only_one_beat_and_it_starts_after_the_migrations() -> None:
    assert "deploy" not in SERVICES["beat"] or "replicas" not in SERVICES["beat"]["deploy"]
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}
    assert "lock_timeout" in SERVICES["prepare"]["environment"]["PGOPTIONS"]


def test_the_file_for_an_s3_store_gives_it_to_those_who_read_photos() -> None:
    store = yaml.safe_load((shipped.DOCKER / "compose.s3.yml").read_text())
    assert set(store["services"]) == {"web", "worker", "prepare", "backup"}, "proxy and beat read no photo"
    assert not store["networks"]["store"], "the only network of theirs that leads outside"
    for name, more in store["services"].items():
        assert set(more) == {"environment", "secrets", "networks"}, name
        for key in ("ACCESS", "SECRET"):
            assert more["environment"][f"RISORIUS_S3_{key}_KEY_FILE"] == f"/run/secrets/s3_{key.lower()}_key"
        assert "ports" not in SERVICES[name]
        settings = (shipped.ROOT / "clinic" / "config" / "settings" / "photos.py").read_text()
        assert all(f'"{setting.removesuffix("_FILE")}"' in settings for setting in more["environment"])


def test_the_file_for_sealed_photos_adds_keys_and_takes_nothing_away(tmp_path: Path) -> None:
    sealed = yaml.safe_load((shipped.DOCKER / "compose.sealed.yml").read_text())
    for name, more in sealed["services"].items():
        assert set(more) <= {"environment", "secrets", "volumes", "command"}, name
        assert more["environment"]["RISORIUS_MASTER_KEY_FILE"] == "/run/secrets/master_key"
        [volume] = [one for one in more["volumes"] if one.startswith("keys:")]
        assert volume.endswith(":ro") == (name in ("worker", "backup")), name
    assert set(sealed["services"]) == {"web", "worker", "prepare", "backup"}, "the proxy has no key"
    script = tmp_path / "secrets.sh"
    script.write_text((shipped.DOCKER / "secrets.sh").read_text())
    subprocess.run(["sh", script, "sealed"], check=True, capture_output=True)
    assert len(keyring.master_from((tmp_path / "secrets" / "master_key").read_text())) == 32
