"""A download survives a broken line, goes nowhere it was not sent, and ends when it is too much."""

from pathlib import Path

import httpx
import pytest

from app.adapters.vision.weights import HttpsSource, read_cached
from models.weights import sources
from models.weights.fetch import FetchFailed, fetch
from tests.models.weights.local_site import CONTENT, Heard, Site, artifact, files, run


def test_download_is_kept_under_its_hash_and_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    wanted, heard = artifact(HttpsSource(site.url())), Heard()

    first, second = run(wanted, tmp_path, heard), run(wanted, tmp_path)

    assert (first.origin, second.origin) == ("https", "cache")
    assert len(site.asked) == 1
    assert files(tmp_path) == {wanted.cached_name}
    assert heard.advances[-1] == ("thing", len(CONTENT), len(CONTENT))
    assert read_cached(wanted, tmp_path) == CONTENT


def test_broken_connection_goes_on_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.cuts = [300_000, 200_000]

    run(artifact(HttpsSource(site.url())), tmp_path)

    assert site.asked == ["", "bytes=300000-", "bytes=500000-"]


def test_server_without_ranges_is_asked_from_the_start(site: Site, tmp_path: Path) -> None:
    site.cuts, site.ranges = [300_000], False
    wanted = artifact(HttpsSource(site.url()))

    run(wanted, tmp_path)

    assert len(site.asked) == 2
    assert read_cached(wanted, tmp_path) == CONTENT


def test_partial_download_is_resumed_by_the_next_run(site: Site, tmp_path: Path) -> None:
    wanted = artifact(HttpsSource(site.url()))
    site.cuts = [100_000] * sources.ATTEMPTS
    with pytest.raises(FetchFailed, match="thing"):
        run(wanted, tmp_path)
    assert files(tmp_path) == {f"{wanted.cached_name}.part"}
    site.asked.clear()

    run(wanted, tmp_path)

    assert site.asked == [f"bytes={100_000 * sources.ATTEMPTS}-"]
    assert files(tmp_path) == {wanted.cached_name}


@pytest.mark.parametrize("stale", [b"\xff" * 1000, b"\xff" * len(CONTENT), b"\xff" * (len(CONTENT) + 5)])
def test_part_that_is_not_of_this_file_costs_only_a_restart(site: Site, tmp_path: Path, stale: bytes) -> None:
    wanted = artifact(HttpsSource(site.url()))
    (tmp_path / f"{wanted.cached_name}.part").write_bytes(stale)

    run(wanted, tmp_path)

    assert site.asked[-1] == ""
    assert files(tmp_path) == {wanted.cached_name}


def test_wrong_content_is_thrown_away_and_the_next_source_asked(site: Site, tmp_path: Path) -> None:
    site.pages["/wrong"] = b"something else"
    heard = Heard()

    run(artifact(HttpsSource(site.url("/wrong")), HttpsSource(site.url())), tmp_path, heard)

    assert "https: wrong content (sha256" in str(heard)
    assert len(files(tmp_path)) == 1


def test_all_sources_wrong_keeps_nothing_and_names_each(site: Site, tmp_path: Path) -> None:
    site.pages["/wrong"] = b"something else"
    with pytest.raises(FetchFailed, match=r"thing \(thing.bin\) cannot be fetched: .*wrong content.*HTTP 404"):
        run(artifact(HttpsSource(site.url("/wrong")), HttpsSource(site.url("/none"))), tmp_path)

    assert files(tmp_path) == set()


def test_one_failure_does_not_keep_the_others_from_being_fetched(site: Site, tmp_path: Path) -> None:
    bad, good = artifact(HttpsSource(site.url("/none")), name="bad"), artifact(HttpsSource(site.url()), name="good")

    with pytest.raises(FetchFailed, match="bad") as failure:
        fetch([bad, good], tmp_path, {}, Heard())

    assert "good" not in str(failure.value)
    assert files(tmp_path) == {good.cached_name}


def test_flood_is_cut_off(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 500_000)

    with pytest.raises(FetchFailed, match="larger than 500000 bytes"):
        run(artifact(HttpsSource(site.url())), tmp_path)

    assert files(tmp_path) == set()


def test_redirects_are_followed_on_loopback(site: Site, tmp_path: Path) -> None:
    site.redirects["/moved"] = "/file"

    assert run(artifact(HttpsSource(site.url("/moved"))), tmp_path).origin == "https"


@pytest.mark.parametrize("target", ["http://192.0.2.1/file", "ftp://127.0.0.1/file", "file:///etc/hostname"])
def test_redirects_lead_nowhere_but_https(site: Site, tmp_path: Path, target: str) -> None:
    site.redirects["/moved"] = target

    with pytest.raises(FetchFailed, match="only https redirects are followed"):
        run(artifact(HttpsSource(site.url("/moved"))), tmp_path)


def test_circle_of_redirects_ends(site: Site, tmp_path: Path) -> None:
    site.redirects["/moved"] = "/moved"

    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        run(artifact(HttpsSource(site.url("/moved"))), tmp_path)


def test_plain_http_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="only https redirects are followed"):
        run(artifact(HttpsSource("http://192.0.2.1/file")), tmp_path)


@pytest.mark.parametrize(
    ("broken", "tries"),
    [
        (httpx.ConnectError("no such host"), 1),
        (httpx.ConnectTimeout("nobody there"), 1),
        (httpx.ReadTimeout("silence"), sources.ATTEMPTS),
    ],
)
def test_site_without_network_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Exception, tries: int
) -> None:
    asked: list[object] = []

    def stream(*of: object) -> None:
        asked.append(of)
        raise broken

    monkeypatch.setattr(sources, "_stream", stream)
    with pytest.raises(sources.SourceFailed, match=str(broken)):
        sources.download("https://unused.invalid/file", tmp_path / "part", lambda done, total: None)
    assert len(asked) == tries
