"""Who did something, in words: events, grants and changes keep only the id of a user or a key."""

from collections.abc import Callable
from functools import cache, partial

from app.wiring import System


def actor_names(system: System) -> Callable[[str | None], str]:
    """Returns `actor_name` for one page, which looks each actor up once."""
    return cache(partial(actor_name, system))


def actor_name(system: System, actor: str | None) -> str:
    """Returns the name of a user or key; the id itself for one that is gone, and "" for None."""
    if actor is None:
        return ""
    with system.store.read() as tx:
        user, key = tx.users.get(actor), tx.api_keys.get(actor)
    return user.name if user else f"key {key.name or key.id}" if key else actor
