"""Saved views: filters of the activity page that a user gave a name."""

from dataclasses import dataclass

from app.core.errors import BadInput
from app.core.text import plain_text

NAME_CHARS = 40
QUERY_CHARS = 1000
MOST_VIEWS = 20  # of a user


@dataclass(frozen=True)
class SavedView:
    """query: the filters, as the page's address has them after the question mark."""

    id: str
    user_id: str
    name: str
    query: str


def view_name(name: str) -> str:
    """Returns the name as it is stored. Raises BadInput if it cannot be one."""
    name = name.strip()
    plain_text("name", name, NAME_CHARS)
    return name


def view_query(query: str) -> str:
    """Raises BadInput for what cannot be the query of an address."""
    if len(query) > QUERY_CHARS or not query.isascii() or not query.isprintable() or " " in query:
        raise BadInput(
            "bad_query", f"query is an address's query of at most {QUERY_CHARS} characters, percent-encoded."
        )
    return query
