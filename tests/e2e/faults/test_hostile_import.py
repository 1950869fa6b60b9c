"""While a hostile import is read, a fire release goes through."""

import time

import pytest

from tests.e2e.server import Server, Site, serving

BACKSLASH = b"number,name,photos\nE-1,Ada," + b"a" * 50_000 + b"\\\n"
MANY = b"number,name,photos\n" + b"".join(b"E-%d,A,%s\n" % (at, b"a\\|" * 60) for at in range(60_000))


def bring(server: Server, csv: bytes) -> str:
    files = {"csv": ("people.csv", csv, "text/csv")}
    answer = server.http.post("/v1/imports", headers=server.site.key("admin"), files=files)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("csv", [BACKSLASH, MANY], ids=["50 kB and a backslash", "11 MB of many values"])
def test_release_works_while_a_hostile_import_is_read(site: Site, csv: bytes) -> None:
    with serving(site) as server:
        bring(server, csv)
        slowest = 0.0
        for at in range(10):
            started = time.perf_counter()
            body = {"active": at % 2 == 0}
            answer = server.http.post("/v1/release", headers=server.site.key("security"), json=body)
            assert answer.status_code == 200, answer.text
            slowest = max(slowest, time.perf_counter() - started)
        assert slowest < 5, "the release waited for the import"
