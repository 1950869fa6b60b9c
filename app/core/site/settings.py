"""What an admin sets for the whole site while it runs, apart from what is set where the service is started."""

from dataclasses import dataclass

from app.core.errors import BadInput

MOST_GRANT_HOURS = 168


@dataclass(frozen=True)
class SiteSettings:
    """What guards may do besides watching; a new site lets them do neither.

    guard_grant_max_hours: for how long they may let somebody in by a temporary grant; None: only admins may.
    guards_may_lock_down: whether they may begin and end a lockdown.
    """

    guard_grant_max_hours: int | None = None
    guards_may_lock_down: bool = False

    def __post_init__(self) -> None:
        hours = self.guard_grant_max_hours
        if hours is not None and not 1 <= hours <= MOST_GRANT_HOURS:
            raise BadInput(
                "bad_guard_grant_max_hours", f"Guards may grant 1 to {MOST_GRANT_HOURS} hours, or nothing at all."
            )
