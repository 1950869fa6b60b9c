"""Builds what visits and contractors need, and picks the mail server of the settings."""

from collections.abc import Callable
from dataclasses import dataclass

from app.adapters.mail.smtp import SmtpMailer
from app.core.ports.crypto import Vault
from app.core.ports.mail import Mailer
from app.core.ports.store import Clock, Store
from app.services.access.contractors.contract_book import ContractBook
from app.services.access.contractors.contract_watch import ContractWatch
from app.services.access.credentials.pass_book import PassBook
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.rules.permits import Permits
from app.services.access.site_clock import SiteClock
from app.services.access.visits.visit_book import VisitBook
from app.services.access.visits.visit_watch import VisitWatch
from app.settings import Settings, SettingsError


@dataclass(frozen=True)
class VisitServices:
    """watch: what happens to visits by itself."""

    book: VisitBook
    watch: VisitWatch


def visit_services(
    settings: Settings,
    store: Store,
    vault: Vault,
    clock: Clock,
    new_id: Callable[[], str],
    permits: Permits,
    passes: PassBook,
    rules: CurrentRules,
) -> VisitServices:
    mailer = mailer_of(settings)
    book = VisitBook(store, vault, clock, new_id, permits, passes, mails=mailer is not None)
    return VisitServices(book, VisitWatch(store, book, clock, new_id, mailer, rules))


@dataclass(frozen=True)
class ContractServices:
    """watch: reminds sponsors."""

    book: ContractBook
    watch: ContractWatch


def contract_services(
    settings: Settings, store: Store, vault: Vault, clock: Clock, new_id: Callable[[], str], site_clock: SiteClock
) -> ContractServices:
    book = ContractBook(store, vault, clock, new_id, site_clock)
    return ContractServices(book, ContractWatch(store, book, clock, new_id, mailer_of(settings)))


def mailer_of(settings: Settings) -> Mailer | None:
    """None where no mail server is set. Raises SettingsError for one without a sender."""
    if not settings.smtp_host:
        return None
    if "@" not in settings.smtp_from:
        raise SettingsError("smtp_from: a mail server needs the address that mails come from, such as gate@example.com")
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_from,
        settings.smtp_user or None,
        password,
    )
