"""No part of a password is taken for a host, and none is shown, whatever characters it holds."""

import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.cameras.address import masked, parse
from app.adapters.cameras.decoder_messages import DecoderMessages
from app.adapters.cameras.sources import check, open_source
from app.adapters.db.engine import connect as engine
from app.adapters.gates.build import check_config
from app.core.accounts.provider import check_issuer
from app.core.cameras.url_login import CURE, is_ambiguous
from app.core.errors import BadInput
from app.core.gates.commands import DriverKind
from tests.adapters.cameras.peers import clock

SEPARATORS = "/?#@[]\\"
# Letters that stand in no message of ours, four in a row.
PASSWORDS = st.text("QXZJVqxzjv3456789:%&=!" + SEPARATORS, min_size=1, max_size=30)
AMBIGUOUS = PASSWORDS.filter(lambda password: any(c in password for c in SEPARATORS))
SCHEMES = st.sampled_from(["rtsp", "rtsps", "http", "https"])


def parts_of(password: str) -> set[str]:
    """Every four characters of it, as written and decoded."""
    lower = password.lower()
    return {lower[i : i + 4] for i in range(len(lower) - 3)}


def assert_nothing_of(password: str, shown: str) -> None:
    assert not {part for part in parts_of(password) if part in shown.lower()}, shown


@given(SCHEMES, AMBIGUOUS)
def test_password_with_a_separator_is_refused_with_the_escape_to_use(scheme: str, password: str) -> None:
    url = f"{scheme}://admin:{password}@10.0.5.7/stream1"
    for refuse in (lambda: parse(url, allow_local=False), lambda: check(url, allow_local=True)):
        with pytest.raises(BadInput) as refused:
            refuse()
        assert CURE in refused.value.detail
        assert_nothing_of(password.replace("%", ""), refused.value.detail.replace(CURE, ""))
    assert masked(url) == "***"
    with pytest.raises(BadInput):
        open_source(url, allow_local=True, clock=clock)


@given(SCHEMES, PASSWORDS)
def test_encoded_password_is_used_and_never_shown(scheme: str, password: str) -> None:
    encoded = quote(password, safe="")
    url = f"{scheme}://admin:{encoded}@10.0.5.7/{encoded}?key={encoded}"
    address = parse(url, allow_local=False)
    assert (address.host, address.user, address.password) == ("10.0.5.7", "admin", password)
    words = DecoderMessages(address)
    words.note(f"rtsp: {url} failed for {password} and {encoded}")
    shown = f"{masked(url)} {address!r} {words()}"
    assert_nothing_of(password, shown)
    assert_nothing_of(encoded, shown)


@pytest.mark.parametrize("password", ["12/34", "ab/cd", "p?x", "p#x", "p@ss", "a@b/c@d", "p[x", "p]x", "p\\x"])
def test_all_address_kinds_follow_the_same_rule(password: str, caplog: pytest.LogCaptureFixture) -> None:
    assert is_ambiguous(f"rtsp://admin:{password}@host/path")
    webhook = {"gate": "lobby-1", "url": f"https://admin:{password}@10.0.5.7/relay", "secret": "s" * 16}
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(BadInput, match="must not hold a user name or password") as refused:
            check_config(DriverKind.WEBHOOK, webhook)
        with pytest.raises(BadInput, match="must not hold a user name or password"):
            check_issuer(f"https://admin:{password}@login.example.com/realm")
    assert password not in refused.value.detail + caplog.text


@pytest.mark.parametrize("url", ["postgresql://u:a@b/c@host/db", "postgresql://u:p@ss@host/db"])
def test_database_password_with_a_separator_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write / as %2F"):
        engine.parse(url)
    assert engine.parse("postgresql://u:a%40b%2Fc@host/db").password == "a@b/c"


@pytest.mark.parametrize(
    "url", ["rtsp://host/path", "rtsp://a:b@host/p?x=1#y", "http://[::1]/x", "file:/a@b", "rtsp://u:p@[fd00::7]:554/s"]
)
def test_unambiguous_password_is_accepted(url: str) -> None:
    assert not is_ambiguous(url)
