"""Signing in through another provider: what comes back is checked, and the provider's groups give the roles."""

from collections.abc import Mapping

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.accounts.provider import NotConfirmed, Provider
from app.core.errors import BadInput, CryptoFault, Forbidden, NotFound, ProviderFailed, Unauthorised
from app.core.site.mode import SITE
from app.core.types import Role
from app.services.accounts.federation import Federation, Journey
from app.services.accounts.sign_in import SignInResult
from tests.fakes import Clock
from tests.services.reception import HERE, Desk

ISSUER, BACK = "https://login.example.com", "https://gates.example.com/back"
ROLES = {"guards": Role.SECURITY, "bosses": Role.ADMIN}


class Directory:
    """A provider that says `claims`, unless it is away or does not confirm. asked: with which secrets."""

    def __init__(self) -> None:
        self.said: Mapping[str, object] = {"sub": "ada-7", "preferred_username": "ada", "groups": ["guards"]}
        self.away = self.doubtful = False
        self.asked: list[tuple[str, str, str]] = []

    def address(self, provider: Provider, redirect: str, state: str, nonce: str, challenge: str) -> str:
        if self.away:
            raise ProviderFailed("it does not answer")
        return f"{provider.issuer}/authorize?state={state}&nonce={nonce}&code_challenge={challenge}&to={redirect}"

    def claims(
        self, provider: Provider, secret: str, redirect: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, object]:
        self.asked.append((secret, code, redirect))
        if self.doubtful:
            raise NotConfirmed("the signature is not the provider's")
        return self.said


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def desk(store: SqlStore, signer: Ed25519Signer, clock: Clock) -> Desk:
    desk = Desk(store, signer, clock)
    desk.admin("root")
    return desk


@pytest.fixture
def federation(desk: Desk, vault: Vault, directory: Directory) -> Federation:
    federation = Federation(desk.store, vault, desk.users, desk.sign_in, directory)
    federation.set(ISSUER, "facegate", "the client's secret", "groups", ROLES, "Example")
    return federation


def enter(federation: Federation) -> SignInResult:
    _, journey = federation.begin(BACK)
    return federation.finish(str(journey), journey.state, "a code", BACK, HERE)


def test_somebody_new_gets_the_roles_of_their_groups(desk: Desk, federation: Federation, directory: Directory) -> None:
    entered = enter(federation)
    user = desk.users.by_name("ada")
    assert (user.roles, user.subject, user.password) == ({Role.SECURITY}, f"{ISSUER} ada-7", None)
    assert desk.sessions.find(entered.session) is not None
    assert directory.asked == [("the client's secret", "a code", BACK)]


def test_the_browser_is_sent_with_what_it_must_bring_back(federation: Federation) -> None:
    address, journey = federation.begin(BACK)
    assert journey.state in address and journey.nonce in address and journey.challenge in address
    assert journey.verifier not in address
    assert Journey.read(str(journey)) == journey


def test_roles_follow_the_provider_at_each_sign_in(desk: Desk, federation: Federation, directory: Directory) -> None:
    first = enter(federation)
    directory.said = {**directory.said, "groups": ["bosses"]}
    second = enter(federation)
    assert desk.users.by_name("ada").roles == {Role.ADMIN}
    assert desk.sessions.find(first.session) is None, "it had other roles"
    assert desk.sessions.find(second.session) is not None
    assert len(desk.users.all()) == 2


def test_a_name_chosen_at_the_provider_takes_over_nobody(
    desk: Desk, federation: Federation, directory: Directory
) -> None:
    directory.said = {"sub": "eve-1", "preferred_username": "root", "groups": ["guards"]}
    assert enter(federation).user.name == "root (2)"
    directory.said = {"sub": "eve-2", "preferred_username": "root", "groups": ["guards"]}
    assert enter(federation).user.name == "root (3)"
    directory.said = {"sub": "", "groups": ["guards"]}
    assert enter(federation).user.name == "somebody"
    assert desk.users.by_name("root").roles == {Role.ADMIN}


@pytest.mark.parametrize(
    ("groups", "why"),
    [([], "names no group"), (["guests"], "guests"), (None, "has a claim groups")],
)
def test_groups_without_a_role_open_nothing(
    desk: Desk, federation: Federation, directory: Directory, groups: list[str] | None, why: str
) -> None:
    directory.said = {"sub": "ada-7"} if groups is None else {"sub": "ada-7", "groups": groups}
    with pytest.raises(Forbidden) as refused:
        enter(federation)
    assert refused.value.code == "no_role"
    assert [user.name for user in desk.users.all()] == ["root"]
    assert desk.outcomes() == ["refused"] and why in desk.sign_in.recent()[0].detail


def test_somebody_disabled_here_stays_out(desk: Desk, federation: Federation) -> None:
    user = enter(federation).user
    desk.users.change(user.id, enabled=False)
    with pytest.raises(Forbidden):
        enter(federation)
    assert desk.outcomes()[0] == "refused" and "disabled here" in desk.sign_in.recent()[0].detail


def test_answer_to_another_sign_in_is_refused(desk: Desk, federation: Federation) -> None:
    _, journey = federation.begin(BACK)
    for cookie, state, code in (
        ("", journey.state, "a code"),
        ("a.b", journey.state, "a code"),
        ("a..c", journey.state, "a code"),
        (str(journey), "another", "a code"),
        (str(journey), "\ud800", "a code"),
        (str(Journey.new()), journey.state, "a code"),
    ):
        with pytest.raises(Unauthorised) as refused:
            federation.finish(cookie, state, code, BACK, HERE)
        assert refused.value.code == "sign_in_expired"
    assert desk.outcomes() == [], "anybody can send these"
    with pytest.raises(Unauthorised):
        federation.finish(str(journey), journey.state, "", BACK, HERE, error="access_denied\n")
    assert desk.outcomes() == ["refused"] and "access_denied?" in desk.sign_in.recent()[0].detail


def test_an_answer_that_cannot_be_trusted_is_refused_and_named(
    desk: Desk, federation: Federation, directory: Directory
) -> None:
    directory.doubtful = True
    with pytest.raises(NotConfirmed):
        enter(federation)
    assert desk.sign_in.recent()[0].detail == "the signature is not the provider's"
    assert [user.name for user in desk.users.all()] == ["root"]


def test_a_provider_is_asked_before_it_is_stored(federation: Federation, directory: Directory) -> None:
    before = federation.provider()
    assert before is not None and b"secret" not in before.sealed_secret
    directory.away = True
    with pytest.raises(ProviderFailed):
        federation.set("https://other.example.com", "facegate", "secret", "groups", ROLES, "Other")
    directory.away = False
    with pytest.raises(BadInput):
        federation.set("http://other.example.com", "facegate", "secret", "groups", ROLES, "Other")
    assert federation.provider() == before


def test_without_a_provider_nobody_is_sent_anywhere_and_sessions_go_on(desk: Desk, federation: Federation) -> None:
    entered = enter(federation)
    federation.remove()
    assert federation.provider() is None
    with pytest.raises(NotFound) as refused:
        federation.begin(BACK)
    assert refused.value.code == "no_provider"
    assert desk.sessions.find(entered.session) is not None


def test_a_lost_key_of_the_secret_says_what_to_do(desk: Desk, federation: Federation) -> None:
    with desk.store.write() as tx:
        tx.data_keys.destroy(SITE)
    with pytest.raises(CryptoFault, match="set the provider again"):
        enter(federation)
