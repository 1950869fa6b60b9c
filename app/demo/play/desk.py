"""What an admin, a guard and the gate's hardware do over HTTP, the only way in which the demo asks the service."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from app.demo.film.cast import Person
from app.demo.play.script import Verb
from app.demo.play.service import DemoFailed

Json = dict[str, Any]


def connect(url: str) -> httpx.Client:
    """Returns a client without a key. It ignores the environment's proxies, which cannot reach this machine."""
    return httpx.Client(base_url=url, timeout=30, trust_env=False)


@dataclass(frozen=True)
class Desk:
    """What an admin does."""

    client: httpx.Client
    key: str

    def employ(self, person: Person) -> str:
        """Adds a person and returns their id. Erases anybody with that number from an earlier run first."""
        for earlier in self._ask("GET", "/v1/employees", params={"q": person.number})["items"]:
            if earlier["number"] == person.number:
                self._ask("DELETE", f"/v1/employees/{earlier['id']}")
        added = self._ask("POST", "/v1/employees", json={"number": person.number, "name": person.name})
        return str(added["id"])

    def enrol(self, employee_id: str, photos: Sequence[bytes]) -> list[Json]:
        """Sends photos. Returns one result for each, in order."""
        files = [("photo", (f"{i}.jpg", photo, "image/jpeg")) for i, photo in enumerate(photos, 1)]
        results: list[Json] = self._ask("POST", f"/v1/employees/{employee_id}/photos", files=files)["photos"]
        return results

    def change(self, employee_id: str, verb: Verb) -> None:
        if verb is Verb.ERASE:
            self._ask("DELETE", f"/v1/employees/{employee_id}")
        else:
            status = "inactive" if verb is Verb.DEACTIVATE else "active"
            self._ask("PATCH", f"/v1/employees/{employee_id}", json={"status": status})

    def add_gate(self, gate: str) -> None:
        """Adds the gate, unless an earlier run did. It only records liveness, because the cast are pictures."""
        if all(known["name"] != gate for known in self._ask("GET", "/v1/gates")["items"]):
            self._ask("POST", "/v1/gates", json={"name": gate})
        self._ask("PATCH", f"/v1/gates/{gate}", json={"liveness": "monitor"})

    def new_key(self, role: str, gate: str | None = None) -> str:
        return str(self._ask("POST", "/v1/keys", json={"role": role, "gate": gate})["key"])

    def camera(self, name: str) -> Json:
        return self._ask("GET", f"/v1/cameras/{name}")

    def remove_camera(self, name: str) -> None:
        """Removes the camera of an earlier run, if there is one."""
        if any(known["name"] == name for known in self._ask("GET", "/v1/cameras")["items"]):
            self._ask("DELETE", f"/v1/cameras/{name}")

    def switch_camera(self, name: str, *, on: bool) -> None:
        self._ask("PATCH", f"/v1/cameras/{name}", json={"enabled": on})

    def audit(self) -> Json:
        return self._ask("GET", "/v1/audit/verify")

    def _ask(self, method: str, path: str, **request: Any) -> Json:
        return answer_of(self.client.request(method, path, headers=bearer(self.key), **request))


@dataclass(frozen=True)
class Guard:
    """What a guard sees."""

    client: httpx.Client
    key: str

    def events(self, gate: str, since: datetime) -> list[Json]:
        """Newest first."""
        return self._items("/v1/events", {"gate": gate, "from": since.isoformat()})

    def alerts(self, gate: str, since: datetime) -> list[Json]:
        """Newest first."""
        return [
            alert
            for alert in self._items("/v1/alerts", {})
            if alert["gate"] == gate and datetime.fromisoformat(alert["at"]) >= since
        ]

    def _items(self, path: str, asked: dict[str, str]) -> list[Json]:
        items: list[Json] = answer_of(self.client.get(path, params=asked, headers=bearer(self.key)))["items"]
        return items


@dataclass(frozen=True)
class GateHardware:
    """The hardware in the turnstile: it sends frames with its key and does what the answer says."""

    client: httpx.Client
    key: str
    gate: str

    def ask(self, frames: Sequence[bytes]) -> tuple[Json, float]:
        """Returns the decision on one approach, and the milliseconds from the first byte sent to the last received."""
        request = self.client.build_request(
            "POST",
            f"/v1/gates/{self.gate}/decisions",
            headers=bearer(self.key),
            files=[("image", (f"{i}.jpg", frame, "image/jpeg")) for i, frame in enumerate(frames, 1)],
        )
        started = time.perf_counter()
        response = self.client.send(request)
        return answer_of(response), (time.perf_counter() - started) * 1000


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def answer_of(response: httpx.Response) -> Json:
    """Returns the JSON of a response, or nothing if it has no body. Raises DemoFailed with the service's error."""
    if response.is_error:
        raise DemoFailed(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        )
    answer: Json = response.json() if response.content else {}
    return answer
