"""kill -9 while people are enrolled and walk up: what was acknowledged is there, the rest is whole or absent."""

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.e2e.server import Server, Site, quick, serving
from tests.waiting import eventually, pass_time

ROUNDS = 3
PEOPLE = {"Ada Byron": ("obama2", "impostor_1"), "Bob Kahn": ("biden",), "Cay Horstmann": ("impostor_2",)}


@dataclass
class Acknowledged:
    """What the service said it had done. doubtful: asked for and never answered, so either way is right."""

    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    employees: dict[str, set[str]] = field(default_factory=dict)  # id -> ids of accepted photos
    erased: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)


def enrol_again_and_again(server: Server, name: str, done: Acknowledged) -> None:
    """A new employee, photos one by one, one photo removed, the employee erased; from the start until it breaks."""
    admin = server.site.key("admin")
    for n in range(1000):
        employee = server.employ(f"{name[:3]}-{server.port}-{n}", name)
        done.employees[employee] = set()
        done.doubtful.add(employee)
        for portrait in PEOPLE[name]:
            (result,) = server.photograph(employee, portrait)
            assert result["accepted"], result
            done.employees[employee].add(result["id"])
        if len(done.employees[employee]) > 1:
            photo = done.employees[employee].pop()
            assert server.http.delete(f"/v1/employees/{employee}/photos/{photo}", headers=admin).status_code == 204
        done.doubtful.discard(employee)
        # Doubtful again while it is erased.
        done.doubtful.add(employee)
        done.erased[employee] = server.http.delete(f"/v1/employees/{employee}", headers=admin).json()
        del done.employees[employee]


def walk_up_again_and_again(server: Server, portrait: str | None, done: Acknowledged) -> None:
    while True:
        answer = server.approach(portrait)
        assert answer.status_code == 200, answer.text
        done.decisions[answer.json()["decision_id"]] = answer.json()


@contextmanager
def hammered(server: Server, done: Acknowledged) -> Iterator[list[Future[None]]]:
    def until_killed(work: Callable[..., None], what: str | None) -> None:
        with suppress(httpx.TransportError):
            work(server, what, done)

    jobs: list[tuple[Callable[..., None], str | None]] = [(enrol_again_and_again, name) for name in PEOPLE]
    jobs += [(walk_up_again_and_again, portrait) for portrait in (None, "impostor_1", None)]
    with ThreadPoolExecutor(len(jobs)) as threads:
        yield [threads.submit(until_killed, *job) for job in jobs]


def everything_is_whole(server: Server, done: Acknowledged) -> None:
    for event_id, answer in done.decisions.items():
        event = server.get(f"/v1/events/{event_id}")
        assert event["checkpoint"] == answer["checkpoint"] and event["decision"] == answer["decision"]
        assert (event["sequence"], event["hash"]) == (answer["checkpoint"]["sequence"], answer["checkpoint"]["hash"])
    for employee, receipt in done.erased.items():
        address = f"/v1/employees/{employee}"
        assert server.http.get(address, headers=server.site.key("admin")).status_code == 404
        assert server.http.delete(address, headers=server.site.key("admin")).json() == receipt
    page = server.get("/v1/employees", limit=200)
    assert page["next"] is None
    found = {employee["id"]: employee for employee in page["items"]}
    assert set(done.employees) - done.doubtful <= set(found)
    for employee, accepted in done.employees.items():
        if employee in found and employee not in done.doubtful:
            assert accepted == {p["id"] for p in server.get(f"/v1/employees/{employee}/photos")["items"]}
    for employee_id, employee in found.items():
        kept = server.get(f"/v1/employees/{employee_id}/photos")["items"]
        assert employee["photos"] == len(kept), "the template is made of the photos that are there"
        for photo in kept:
            picture = server.http.get(
                f"/v1/employees/{employee_id}/photos/{photo['id']}", headers=server.site.key("admin")
            )
            assert picture.status_code == 200 and picture.content.startswith(b"\xff\xd8\xff")
            assert picture.content.endswith(b"\xff\xd9"), "half a photo"
    assert server.get("/v1/audit/verify")["valid"] is True
    checks = server.http.get("/readyz").json()["checks"]
    assert all(check["ok"] for check in checks.values()), checks
    # And it works.
    for employee_id in found:
        assert server.http.delete(f"/v1/employees/{employee_id}", headers=server.site.key("admin")).status_code == 200


def test_killed_service_loses_no_acknowledged_event(site: Site) -> None:
    site.settings = {"max_wait_ms": "30000"}  # they are many, and one worker is there for all
    dice, done = random.Random(7), Acknowledged()
    for _ in range(ROUNDS):
        server = Server(site)
        try:
            server.ready()
            everything_is_whole(server, done)
            done.employees.clear()
            done.doubtful.clear()
            before, erased = len(done.decisions), len(done.erased)
            with hammered(server, done) as jobs:
                try:
                    eventually(partial(worked, done, jobs, before + 5, erased + 1), "some work", seconds=60)
                    pass_time(dice.uniform(0, 0.5))
                finally:
                    server.process.kill()
            for job in jobs:
                job.result()
        finally:
            server.kill()
        server.said_nothing_personal()
    with serving(site) as last:
        everything_is_whole(last, done)
    assert len(done.decisions) >= 5 * ROUNDS and len(done.erased) >= ROUNDS
    # The heads that were handed to the gate stand in the log: nothing acknowledged was rolled back.
    kept = site.data.parent / "kept-by-the-gate.jsonl"
    kept.write_text("".join(json.dumps(answer["checkpoint"]) + "\n" for answer in done.decisions.values()))
    verified = quick("audit", "verify", "--checkpoints", str(kept), data=site.data)
    assert verified.returncode == 0 and "The log is intact." in verified.stdout, verified


def worked(done: Acknowledged, jobs: list[Future[None]], decisions: int, erased: int) -> bool:
    for job in jobs:
        if job.done():
            job.result()
    return len(done.decisions) >= decisions and len(done.erased) >= erased
