"""Builds sign-in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.adapters.crypto.passwords import Argon2
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.adapters.oidc.client import OidcClient
from app.services.accounts.attempts import Attempts
from app.services.accounts.displays import Displays
from app.services.accounts.federation import Federation
from app.services.accounts.saved_views import SavedViews
from app.services.accounts.sessions import Sessions
from app.services.accounts.sign_in import SignInService
from app.services.accounts.users import Users
from app.settings import Settings


@dataclass(frozen=True)
class SignInServices:
    """Users, their sessions, and the ways to sign in."""

    users: Users
    sessions: Sessions
    sign_in: SignInService
    federation: Federation
    displays: Displays
    saved_views: SavedViews


def open_sign_in(
    settings: Settings,
    store: SqlStore,
    vault: Vault,
    signer: Ed25519Signer,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    signed_out: Callable[[str], None],
) -> SignInServices:
    hasher = Argon2()
    users = Users(store, hasher, clock, new_id, signed_out)
    sessions = Sessions(
        store,
        clock,
        new_id,
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(hours=settings.session_hours),
        ended=signed_out,
    )
    attempts = Attempts(store, clock)
    sign_in = SignInService(store, users, sessions, attempts, hasher, signer, clock, new_id)
    displays = Displays(store, sessions, sign_in, attempts, clock, new_id)
    federation = Federation(store, vault, users, sign_in, OidcClient())
    return SignInServices(users, sessions, sign_in, federation, displays, SavedViews(store, new_id))
