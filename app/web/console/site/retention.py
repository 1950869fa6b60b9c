"""For how long personal data is kept, what is due, and what was removed so far."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.site.retention import DAY, LONGEST, WORDS
from app.core.types import Role
from app.services.people.retention.retention import KindState
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/retention", "Retention", "history", frozenset({Role.ADMIN}), section="settings"),)
IN_DAYS = 4 * DAY  # shorter usual periods are set in hours


@dataclass(frozen=True)
class Row:
    """hours_each: what one of the unit in the field is, an hour or a day."""

    state: KindState

    @property
    def hours_each(self) -> int:
        whole_days = self.state.hours % DAY == 0 and self.state.least_hours % DAY == 0
        return DAY if whole_days and self.state.usual_hours >= IN_DAYS else 1

    @property
    def words(self) -> tuple[str, str]:
        return WORDS[self.state.kind]

    def in_unit(self, hours: int) -> int:
        return hours // self.hours_each


@router.get("/settings/retention", response_class=HTMLResponse)
def retention(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    settings = system.site_settings.get()
    return render(
        request,
        "site/retention.html",
        person,
        rows=[Row(state) for state in system.retention.states()],
        most=LONGEST,
        settings_version=version_of(settings),
    )
