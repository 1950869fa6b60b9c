"""The mails of visits, in the site's language: the pass to the visitor, and to the host that they have come."""

import io
from datetime import datetime

import segno

from app.core.ports.mail import Mail
from app.core.types import Status
from app.services.access.visits.visit_book import ShownVisit
from app.services.access.visits.visit_watch import Letters
from app.web.language.catalog import ENGLISH, LANGUAGES, now, spoken
from app.web.language.catalog import translated as _
from app.web.language.dates import day_words
from app.wiring import Backbone, System


def letters(system: System) -> Letters:
    """Writes on the site's clock. Links begin with the setting `public_url`; without it, a mail has only the code."""

    def at(moment: datetime) -> str:
        local = moment.astimezone(system.site_clock.read().zone)
        return f"{day_words(local.date(), now().language)} {local:%H:%M}"

    def for_visitor(shown: ShownVisit, code: str | None) -> Mail | None:
        to = shown.visitor.email
        if to is None or code is None:
            return None
        speak(system)
        site = system.site_clock.read().site
        lines = [
            _("Hello {name},", name=shown.visitor.name),
            "",
            _("{host} expects you at {site}.", host=shown.host.name, site=site),
            _("From {start} until {end}.", start=at(shown.visit.starts_at), end=at(shown.visit.ends_at)),
            "",
            _("Hold the attached code to the reader or the camera of the gate, on your phone or on paper."),
        ]
        if base := system.settings.public_url.rstrip("/"):
            lines += ["", _("Your pass is also here:"), f"{base}/visit?token={shown.details.token}"]
        lines += ["", _("The pass is yours alone: whoever has it can come in as you. Please give it to nobody else.")]
        return Mail(to, _("Your visit to {site}", site=site), "\n".join(lines) + "\n", _picture(code))

    def for_host(shown: ShownVisit, code: str | None) -> Mail | None:
        with system.store.read() as tx:
            host = tx.employees.get(shown.visit.host_id)
        if host is None or host.email is None or host.status is not Status.ACTIVE:
            return None
        speak(system)
        who = f"{shown.visitor.name} ({shown.details.company})" if shown.details.company else shown.visitor.name
        came = at(shown.visit.arrived_at or shown.visit.starts_at)
        words = _("{who} came in at {time}.", who=who, time=came)
        return Mail(host.email, _("Your visitor {name} is here", name=shown.visitor.name), words + "\n")

    return Letters(for_visitor, for_host)


def speak(system: Backbone) -> None:
    """From here on, this thread speaks the language of the site."""
    language = system.site_settings.get().language
    spoken.set(language if language in LANGUAGES else ENGLISH)


def _picture(code: str) -> bytes:
    file = io.BytesIO()
    segno.make(code, micro=False, error="m").save(file, kind="png", scale=8, border=4)
    return file.getvalue()
