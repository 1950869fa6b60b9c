"""The mail that reminds a sponsor, in the site's language."""

from app.core.ports.mail import Mail
from app.core.types import Status
from app.services.access.contractors.contract_book import ShownContractor
from app.services.access.contractors.contract_watch import Letter
from app.web.console.visits.letters import speak
from app.web.language.catalog import now
from app.web.language.catalog import translated as _
from app.web.language.dates import day_words
from app.wiring import System


def letter(system: System) -> Letter:
    """The link begins with the setting `public_url`; without it, the mail asks the sponsor to tell an admin."""

    def for_sponsor(shown: ShownContractor, token: str) -> Mail | None:
        with system.store.read() as tx:
            sponsor = tx.employees.get(shown.contract.sponsor_id)
        if sponsor is None or sponsor.email is None or sponsor.status is not Status.ACTIVE:
            return None
        speak(system)
        clocks = system.site_clock.read()
        name, company = shown.person.name, shown.contract.company
        who = f"{name} ({company})" if company else name
        end = day_words(shown.contract.confirmed_until.astimezone(clocks.zone).date(), now().language)
        lines = [
            _("Hello {name},", name=sponsor.name),
            "",
            _("{who} works at {site}, and you answer for them.", who=who, site=clocks.site),
            _("Without your word, the gates let them in no more from {day}.", day=end),
            "",
        ]
        if base := system.settings.public_url.rstrip("/"):
            lines += [_("If they are still needed, confirm it here:"), f"{base}/sponsor?token={token}"]
        else:
            lines += [_("If they are still needed, ask an admin to confirm it.")]
        lines += ["", _("If not, you need not do anything.")]
        return Mail(sponsor.email, _("Is {name} still needed?", name=name), "\n".join(lines) + "\n")

    return for_sponsor
