"""The mail about alerts, in the site's language and on the site's clock."""

from app.core.alerts.deliveries import Change
from app.core.alerts.messages import Item, Message
from app.core.ports.mail import Mail
from app.services.alerts.outward.sender import Write
from app.web.console.visits.letters import speak
from app.web.console.words import ALERTS
from app.web.finished import alert_detail
from app.web.language.catalog import counted, now
from app.web.language.catalog import translated as _
from app.web.language.dates import day_words
from app.wiring import Backbone


def alert_letters(system: Backbone) -> Write:
    """Writes the mail to an address. Its `Message-ID` is the same whenever it is sent again."""

    def written(to: str, message: Message) -> Mail:
        speak(system)
        zone = system.site_clock.read().zone

        def lines(one: Item) -> list[str]:
            local = one.alert.at.astimezone(zone)
            when = f"{day_words(local.date(), now().language)} {local:%H:%M}"
            place = [name for name in (one.gate, one.camera) if name]
            said = [f"{when}  {_headline(one)}", *(f"  {name}" for name in place)]
            if one.person is not None:
                said.append(f"  {one.person.name} ({one.person.number})")
            if one.detail:
                said.append(f"  {alert_detail(one.alert.kind, one.detail)}")
            if one.change is Change.RAISED and one.alert.cleared_at not in (None, one.alert.at):
                said.append("  " + _("It is over."))
            return said

        text = [line for one in message.items for line in (*lines(one), "")]
        if not message.items:
            text = [_("This is a test. Alerts of {site} arrive here.", site=message.site), ""]
        if message.link:
            text += [_("All alerts: {link}", link=message.link), ""]
        return Mail(to, _subject(message), "\n".join(text), id=message.id)

    return written


def _headline(one: Item) -> str:
    words = _(ALERTS[one.alert.kind])
    return _("Over: {alert}", alert=words) if one.change is Change.ENDED else words


def _subject(message: Message) -> str:
    if not message.items:
        return _("{site}: test", site=message.site)
    if len(message.items) > 1:
        many = counted("{count} alert", "{count} alerts", len(message.items))
        return f"{message.site}: {many}"
    (one,) = message.items
    place = f", {one.gate}" if one.gate else ""
    return f"{message.site}: {_headline(one)}{place}"
