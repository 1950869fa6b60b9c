"""The settings of the site that live in the database: read by whoever needs one, changed by admins."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from app.core.access.rule_edits import version_of
from app.core.errors import Outdated
from app.core.ports.store import Store
from app.core.site.settings import SiteSettings


@dataclass(frozen=True)
class SettingsService:
    store: Store

    def get(self) -> SiteSettings:
        with self.store.read() as tx:
            return tx.site_settings.get()

    def change(self, change: Callable[[SiteSettings], SiteSettings], version: str | None = None) -> SiteSettings:
        """Raises BadInput, and Outdated where the caller has read another version.

        Another false-accept rate counts from the next decision, in every process.
        """
        with self.store.write() as tx:
            tx.rules.lock()
            before = tx.site_settings.get(for_update=True)
            if version is not None and version != version_of(before):
                current = {"version": version_of(before), **asdict(before)}
                raise Outdated("entry_changed", "Somebody else changed the settings meanwhile.", current)
            after = change(before)
            tx.site_settings.put(after)
            if after.false_accept_rate != before.false_accept_rate:
                tx.rules.renew()
        return after
