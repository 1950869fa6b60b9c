"""What an admin sets for the whole site while it runs, apart from what is set where the service is started."""

from dataclasses import dataclass, field

from app.core.errors import BadField, BadInput
from app.core.site.backup import DEFAULT_KEPT, MOST_KEPT
from app.core.site.retention import KeptHours
from app.core.text import plain_text

MOST_GRANT_HOURS = 168
MOST_CONSENT_CHARS = 4000
CONSENT = (
    "I agree that {site} takes up to three photos of my face and makes a mathematical description of them, by which "
    "its gates recognise me. Photos and description are stored encrypted and are used for nothing else. I may withdraw "
    "this at any time. Both are then erased, and I use a card. Whether I agree has no other consequence for me."
)
LEAST_RATE, MOST_RATE = 1e-6, 0.1


@dataclass(frozen=True)
class SiteSettings:
    """What guards may do besides watching (on a new site neither), where backups go, and the false-accept rate.

    guard_grant_max_hours: for how long they may let somebody in by a temporary grant; None: only admins may.
    guards_may_lock_down: whether they may begin and end a lockdown.
    backup_folder: where the nightly backup goes; None: there is none. backups_kept: how many stay there.
    false_accept_rate: the share of strangers' attempts that may open; None: the rate the service was started with.
    first_hour_over: an admin ended the first hour; the home page no longer lists what a new site lacks.
    consent_text: what people agree to when they enrol by a link, {site} for the site's name; None: the program's own
        text, in the language of the page. The program's English, given as the site's, is also None.
    consent_required: whether nobody is enrolled without a consent that stands, since consent is the legal basis here.
    enrol_by_badge: whether cameras of gates photograph people who asked to be enrolled by their badge.
    unknown_faces: whether admins see the faces of the last three days that no gate knew, and may name them.
    language: of pages for browsers that ask for none of the languages of the pages; None: English.
    kept_hours: for how long personal data is kept, by kind, where that is not the usual time.
    """

    guard_grant_max_hours: int | None = None
    guards_may_lock_down: bool = False
    backup_folder: str | None = None
    backups_kept: int = DEFAULT_KEPT
    false_accept_rate: float | None = None
    first_hour_over: bool = False
    unknown_faces: bool = False
    consent_text: str | None = None
    consent_required: bool = False
    enrol_by_badge: bool = False
    language: str | None = None
    kept_hours: KeptHours = field(default_factory=KeptHours)

    def __post_init__(self) -> None:
        hours, rate = self.guard_grant_max_hours, self.false_accept_rate
        if hours is not None and not 1 <= hours <= MOST_GRANT_HOURS:
            raise BadField(
                "bad_guard_grant_max_hours",
                f"Guards may grant 1 to {MOST_GRANT_HOURS} hours, or nothing at all.",
                "guard_grant_max_hours",
            )
        if not 1 <= self.backups_kept <= MOST_KEPT:
            raise BadField("bad_backups_kept", f"Keep 1 to {MOST_KEPT} backups.", "backups_kept")
        if rate is not None and not LEAST_RATE <= rate <= MOST_RATE:
            raise BadField(
                "bad_false_accept_rate",
                f"The false-accept rate is between {LEAST_RATE:g} and {MOST_RATE:g}.",
                "false_accept_rate",
            )
        object.__setattr__(self, "kept_hours", KeptHours(self.kept_hours))
        if self.consent_text in ("", CONSENT):
            object.__setattr__(self, "consent_text", None)
        if self.consent_text is not None:
            _check_text(self.consent_text)


def _check_text(text: str) -> None:
    """Lines of plain text. Raises BadField."""
    try:
        plain_text("consent_text", text.replace("\n", " "), MOST_CONSENT_CHARS)
    except BadInput as refusal:
        raise BadField("bad_consent_text", refusal.detail, "consent_text") from refusal
