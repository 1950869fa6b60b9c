"""Links that end with a secret: it goes into a cookie, and nonsense is answered and not an error of ours."""

import pytest

from tests.web.conftest import TestClient


@pytest.mark.parametrize("page", ["/enrol", "/visit", "/sponsor"])
def test_token_moves_into_a_cookie_of_its_page(client: TestClient, page: str) -> None:
    answer = client.get(page, params={"token": "a_token-1"})
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    cookie = answer.headers["set-cookie"]
    assert "=a_token-1;" in cookie and f"Path={page};" in cookie and "HttpOnly" in cookie
    assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize("page", ["/enrol", "/visit", "/sponsor"])
@pytest.mark.parametrize("token", ["✓", "a; Path=/", "a" * 10_000, "a\r\nSet-Cookie: b=c", "\0"])
def test_what_is_no_token_is_kept_nowhere(client: TestClient, page: str, token: str) -> None:
    answer = client.get(page, params={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert '=""' in answer.headers["set-cookie"]
    assert client.get(page).status_code in (200, 404)
