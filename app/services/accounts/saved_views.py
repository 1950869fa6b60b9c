"""The views that users save for themselves: kept for the account, not the browser, and seen by nobody else."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.accounts.saved_views import MOST_VIEWS, SavedView, view_name, view_query
from app.core.errors import Conflict, NotFound
from app.core.ports.store import Store


@dataclass(frozen=True)
class SavedViews:
    store: Store
    new_id: Callable[[], str]

    def of(self, user_id: str) -> list[SavedView]:
        """Returns the user's views by name."""
        with self.store.read() as tx:
            return tx.saved_views.of(user_id)

    def save(self, user_id: str, name: str, query: str) -> SavedView:
        """Stores the view; one of the same name is replaced.

        Raises:
            BadInput: name or query cannot be stored.
            Conflict: the user has as many views as they may.
            NotFound: the user is gone.
        """
        view = SavedView(self.new_id(), user_id, view_name(name), view_query(query))
        with self.store.write() as tx:
            if tx.users.get(user_id, for_update=True) is None:
                raise NotFound("unknown_user", "There is no user with this id.")
            before = tx.saved_views.of(user_id)
            for one in before:
                if one.name == view.name:
                    tx.saved_views.remove(user_id, one.id)
                    break
            else:
                if len(before) >= MOST_VIEWS:
                    raise Conflict("too_many_views", f"You have {MOST_VIEWS} saved views. Remove one first.")
            tx.saved_views.add(view)
        return view

    def remove(self, user_id: str, view_id: str) -> None:
        """Raises NotFound if the user has no such view."""
        with self.store.write() as tx:
            tx.users.get(user_id, for_update=True)
            if not tx.saved_views.remove(user_id, view_id):
                raise NotFound("not_found", "You have no saved view with this id.")
