"""Browsers keep scripts and styles for as long as their address stays the same."""

import re
from pathlib import Path

from fastapi.testclient import TestClient

from app.web.console.render import STATIC, STATIC_VERSION
from app.web.static_files import version_of

LONG = "public, max-age=31536000, immutable"


def test_page_names_the_version_of_its_files_and_they_are_kept(client: TestClient) -> None:
    sources = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/signin").text)
    assert sources and all(source.startswith(f"/static/{STATIC_VERSION}/") for source in sources)
    for source in sources:
        answer = client.get(source)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, LONG), source


def test_page_of_another_version_gets_files_that_are_not_kept(client: TestClient) -> None:
    for path in ("/static/0123456789ab/api.js", "/static/api.js"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
        assert answer.text == (STATIC / "api.js").read_text(encoding="utf-8")


def test_what_is_missing_is_not_kept(client: TestClient) -> None:
    for path in ("gone.js", "../render.py", "%2e%2e/render.py", ""):
        answer = client.get(f"/static/{STATIC_VERSION}/{path}")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store"), path


def test_version_changes_with_a_name_and_with_a_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    first = version_of(tmp_path)
    (tmp_path / "a.js").write_text("two")
    second = version_of(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({first, second, version_of(tmp_path)}) == 3
    (tmp_path / "b.js").rename(tmp_path / "a.js")
    assert version_of(tmp_path) == second
