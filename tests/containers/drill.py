"""Each part of the drill adds its lines to the table."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.running import shipped
from tests.running.test_limits import size
from tests.visits import costly

from . import cgroups
from .engine import Engine
from .people import PHOTO, Load, Person, losses, settled
from .site import STAYING, Site, until
from .table import Table

LARGEST = {"web": 330.0, "worker": 550.0}
"""Megabytes of an image, its base included."""
AT_ONCE = 8
SLOWEST_PAGE = 5.0
PROXY_LOOKS = 6.0
"""Seconds until the proxy knows of a new container: it keeps for 5 s what it was told of a name."""
BACK = 60.0
"""Seconds within which a container that was killed is well again."""
REFUSALS = (413, 422)


def images(engine: Engine, table: Table, version: str) -> None:
    """How large they are."""
    base = engine.size(
        next(iter(re.findall(r"^FROM (\S+)", shipped.DOCKERFILES["risorius-web"].read_text(), re.M)))
    )
    for role, most in LARGEST.items():
        name = f"image {role}, its base of {base:.0f} MB included"
        table.most(name, engine.size(f"risorius-{role}:{version}"), most, "MB")


def story(site: Site, person: Person, table: Table, note: str = "") -> None:
    """A photo's way, through the proxy and TLS, to the chart."""
    with PHOTO.open("rb") as stream:
        status, _answers = person.send(person.visit(), stream.read())
    table.add(f"photo through TLS{note}", status, "201", status == 201)
    if status != 201:
        sys.stderr.write(site.troubles() + site.said())
    settled(site)
    listed = person.ask("GET", "/api/v1/photos/?page_size=1")
    assert listed is not None, "the API lists photos"
    photo = listed.json()["results"][0]
    analysis = photo["analysis"]
    [[release]] = site.query("SELECT release FROM inference_analysis ORDER BY id DESC LIMIT 1")
    active = (shipped.ROOT / "inference" / "artifacts" / "ACTIVE").read_text().strip()
    good = analysis["status"] == "succeeded" and release == active
    table.add(
        f"result{note}", f"{analysis['status']}, release {release}", f"succeeded, release {active}", good
    )
    shown = person.ask("GET", f"/photos/{photo['id']}/image/")
    good = shown is not None and shown.status_code == 200 and shown.content.startswith(b"\xff\xd8\xff")
    table.add(f"the photo back{note}", f"{len(shown.content) if shown else 0} bytes", "a JPEG", good)
    sent = person.ask(
        "POST",
        "/api/v1/confirmations/",
        json={
            "analysis": analysis["id"],
            "exercise": "smile",
            "palsy": True,
            "weak_side": "left",
            "grade": 4,
        },
    )
    status = sent.status_code if sent is not None else 0
    chart = person.ask("GET", f"/patients/{person.patient}/recovery.json")
    points = len(re.findall(r"2\d{3}-\d\d-\d\d", chart.text)) if chart is not None and chart.ok else 0
    table.add(
        f"confirmed, and on the chart{note}",
        f"{status}, {points} dates",
        "201, some",
        status == 201 and points > 0,
    )


def limits(site: Site, table: Table) -> dict[str, cgroups.Group]:
    """Each process of each container is what compose.yml says."""
    found, wrong, count = cgroups.groups(site), [], 0
    asked = shipped.services()
    for service, group in found.items():
        for pid in group.processes:
            with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
                count += 1
                wrong += [f"{service} {fault}" for fault in faults(pid, str(asked[service]["user"]))]
    table.none(
        "processes not of their user, or with rights", len(wrong), f"{count} in {len(found)} containers"
    )
    given = {service: group.limits for service, group in found.items()}
    ordered = {service: asked[service]["deploy"]["resources"]["limits"] for service in found}
    equal = [name for name, (memory, pids) in given.items()
             if memory == size(ordered[name]["memory"]) and pids == ordered[name]["pids"]]  # fmt: skip
    table.add(
        "memory and processes limited as written",
        f"{len(equal)} services",
        f"{len(found)}",
        equal == [*found],
    )
    rest = " ".join(f"{name} {group.memory / 1e6:.0f}" for name, group in found.items() if name != "database")
    table.add("memory at rest, MB", rest, "said", good=True)
    return found


def faults(pid: int, user: str) -> list[str]:
    """What is wrong with a process: its user, its rights, its file system."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    wrong = []
    if set(told["Uid"].split()) != {user.partition(":")[0]}:
        wrong.append(f"runs as {told['Uid']}")
    if int(told["CapBnd"], 16) or int(told["CapEff"], 16) or told["NoNewPrivs"] != "1":
        wrong.append("has rights")
    mounts = [line.split() for line in Path(f"/proc/{pid}/mounts").read_text().splitlines()]
    if [words[3].split(",")[0] for words in mounts if words[1] == "/"] != ["ro"]:
        wrong.append("may write to the root file system")
    return wrong


def marked(data: bytes, number: int) -> bytes:
    """The same picture in a file of its own."""
    if data[:2] == b"\xff\xd8":
        return data[:2] + b"\xff\xfe\x00\x06" + number.to_bytes(4, "big") + data[2:]
    return data[:33] + costly.chunk(b"tEXt", b"n\0%d" % number) + data[33:]


def files() -> dict[str, tuple[Callable[[], bytes], tuple[int, ...]]]:
    """What is sent, and what its last answer may be."""
    return {
        "JPEG of 900 scans": (lambda: costly.many_scans(900), REFUSALS),
        "20 MB of fill bytes": (lambda: costly.fill_bytes(20_000_000), (201, *REFUSALS)),
        "RGBA PNG, 50 MP": (lambda: costly.wide_png(8000, 6250), (201, *REFUSALS)),
        "JPEG, 48 MP": (lambda: costly.photo(8000, 6000), (201,)),
        "JPEG, 64 MP": (lambda: costly.photo(9248, 6936), (201,)),
        "PNG, 48 MP": (lambda: costly.wide_png(8000, 6000, 2), (201,)),
        "PNG, 64 MP": (lambda: costly.wide_png(9248, 6936, 2), (201,)),
    }


def expensive(site: Site, person: Person, table: Table, found: dict[str, cgroups.Group]) -> None:
    """Small files that ask for much, and large photos, eight at once of each."""
    before = {name: group.killed for name, group in found.items()}
    most: Counter[str] = Counter()
    for name, (make, allowed) in files().items():
        content, visit, slowest, done = make(), person.visit(), [0.0], threading.Event()

        def look(slowest: list[float] = slowest, done: threading.Event = done) -> None:
            while not done.wait(0.2):
                start = time.monotonic()
                answer = person.ask("GET", "/patients/")
                # A page that isn't there has taken for ever.
                well = answer is not None and answer.status_code == 200
                slowest[0] = max(slowest[0], time.monotonic() - start if well else 999.0)

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        with cgroups.watched(found) as peak, ThreadPoolExecutor(AT_ONCE) as pool:
            sent = list(pool.map(lambda n: person.send(visit, marked(content, n)), range(AT_ONCE)))  # noqa: B023
            settled(site)
        done.set()
        looking.join()
        most |= Counter(peak)
        last = Counter(status for status, _answers in sent)
        busy = sum((answers for _status, answers in sent), Counter[int]()) - last
        again = f" ({busy.total()} sent again)" if busy else ""
        seen = f"{told(last)}{again}; page {slowest[0]:.1f} s; web {peak['web'] / 1e6:.0f} MB"
        table.add(
            f"{AT_ONCE} at once: {name}", seen, f"{told(dict.fromkeys(allowed))}; {SLOWEST_PAGE:.0f} s",
            set(last) <= set(allowed) and slowest[0] <= SLOWEST_PAGE,
        )  # fmt: skip
    killed = sum(group.killed - before[name] for name, group in found.items())
    table.none("processes ended over their memory", killed, f"{len(found)} containers")
    for name in ("web", "worker", "proxy"):
        table.most(f"most memory of {name} meanwhile, MB", most[name] / 1e6, found[name].limits[0] / 1e6)


def pace(site: Site, person: Person, table: Table, photos: int = 32) -> None:
    """How many photos of a telephone one web container takes in, beside its worker."""
    content, visit = costly.photo(4000, 3000), person.visit()
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda n: person.send(visit, marked(content, n)), range(photos)))
    took = time.monotonic() - start
    settled(site)
    taken = sum(status == 201 for status, _answers in sent)
    seen = f"{taken / took:.1f}; all results after {(time.monotonic() - start) / photos:.2f} s each"
    table.add("12-megapixel photos taken in a second", seen, f"{photos} taken", taken == photos)


def told(statuses: Any) -> str:
    """Statuses, and how often where it is known."""
    return " ".join(f"{status}x{count}" if count else str(status) for status, count in dict(statuses).items())


def kills(site: Site, person: Person, table: Table) -> None:
    """Each container's first process is killed while photos are sent; podman starts it anew, as compose.yml asks."""
    with Load(person, first=10_000) as load:
        for service in ("worker", "web", "proxy", "broker", "database", "beat"):
            time.sleep(3)
            table.most(f"killed: {service}; well again, s", back(site, site.container(service)), BACK)
        time.sleep(3)
    refused = {status: count for status, count in load.photos.items() if status != 201}
    table.none("photos that were not taken in the end", sum(refused.values()), f"{load.photos.total()}")
    table.most("kills: longest until results are there, s", settled(site), 120)
    count(site, person, table, "kills")


def back(site: Site, container: str) -> float:
    """Kill a container's first process, as the machine's memory killer would; seconds until it is well again."""
    before = site.engine.inspect(container)["State"]["Pid"]
    start = time.monotonic()
    os.kill(before, signal.SIGKILL)
    until(
        lambda: site.engine.inspect(container)["State"]["Pid"] not in (0, before),
        BACK * 2,
        f"{container} starts",
    )
    until(lambda: site.is_well(container), BACK * 2, f"{container} is well again")
    return time.monotonic() - start


def count(site: Site, person: Person, table: Table, when: str) -> None:
    """Nothing lost, nothing doubled, and the files are as the rows say."""
    lost, doubled, of = losses(site, person)
    table.none(f"{when}: photos lost", lost, f"{of}")
    table.none(f"{when}: photos doubled", doubled, f"{of}")
    said = site.execute("web", "sh", "-c", "python manage.py fsck 2>&1; echo ended $?", check=False)
    ended = re.search(r"ended (\d+)", said)
    line = next((line for line in reversed(said.splitlines()[:-1]) if line.strip()), "")
    table.add(f"{when}: fsck", line[:40], "nothing wrong", bool(ended and ended[1] == "0"))


def upgrade(site: Site, person: Person, table: Table, *, tree: Path, version: str) -> None:
    """As docs/operations.md says, while photos are sent and pages read, and nobody sends anything twice."""
    with Load(person, first=1, patience=0) as load:
        time.sleep(3)
        site.check_out(tree, version)
        site.compose("--profile", "tools", "run", "-T", "--rm", "--no-deps", "backup")
        archives = [*site.volume("backups").glob("*.backup.tar")]
        site.prepare()
        [old] = site.containers("web")
        site.up("--no-recreate", "--scale", "web=2", "web")
        site.until_well("web")
        time.sleep(PROXY_LOOKS)
        site.engine.podman("stop", "-t", "45", old)
        site.keep_log(old)
        site.engine.podman("rm", old)
        site.up("worker", "beat")
        site.until_well("web", "worker", "beat")
        time.sleep(3)
    settled(site)
    running = {
        service: site.engine.inspect(site.container(service))["ImageName"].rpartition(":")[2]
        for service in ("web", "worker", "beat")
    }
    table.add(
        "upgrade: running now", ", ".join(running.values()), version, set(running.values()) == {version}
    )
    table.add("upgrade: backup before it", f"{len(archives)} archive", "1", len(archives) == 1)
    bad = {status: n for status, n in load.pages.items() if status != 200}
    table.none(
        f"upgrade: pages that failed{f' ({told(bad)})' if bad else ''}",
        sum(bad.values()),
        f"{load.pages.total()}",
    )
    bad = {status: n for status, n in load.photos.items() if status != 201}
    table.none(
        f"upgrade: photos refused{f' ({told(bad)})' if bad else ''}",
        sum(bad.values()),
        f"{load.photos.total()}",
    )
    if not set(load.photos) <= {201}:
        sys.stderr.write(site.troubles())
    count(site, person, table, "upgrade")


def sealed(site: Site, person: Person, table: Table) -> None:
    """compose.sealed.yml: the same story, and no file of a photo in the volume is a picture."""
    story(site, person, table, note=", sealed")
    files = [path for path in site.volume("photos").rglob("*") if path.is_file()]
    open_ones = [path for path in files if path.read_bytes()[:3] == b"\xff\xd8\xff"]
    table.none("sealed: files that are pictures", len(open_ones), f"{len(files)}")
    table.add(
        "sealed: keys of clinics",
        len([*site.volume("keys").iterdir()]),
        "some",
        any(site.volume("keys").iterdir()),
    )


def unwell(site: Site, table: Table) -> None:
    """At the end: whoever still is not well."""
    ill = [service for service in STAYING if not all(map(site.is_well, site.containers(service)))]
    table.none("services not well at the end", len(ill), f"{len(STAYING)}")
