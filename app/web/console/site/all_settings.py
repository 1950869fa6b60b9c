"""Every setting on one page: its value now, its default, what it does, and whether it needs a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.site.setting_facts import FACTS, unit_of
from app.core.site.settings import SiteSettings
from app.core.types import Role
from app.settings import CONFIG_FILE, PREFIX, Settings
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/all", "All settings", "book", frozenset({Role.ADMIN}), section="settings"),)


@dataclass(frozen=True)
class Row:
    """page: where an admin changes it; "" for a setting of the service's start."""

    name: str
    effect: str
    now: str
    default: str
    unit: str
    page: str = ""

    @property
    def is_changed(self) -> bool:
        return self.now != self.default


@router.get("/settings/all", response_class=HTMLResponse)
def all_settings(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    now, at_first = system.site_settings.get(), SiteSettings()
    of_site = [site_row(field.name, getattr(now, field.name), getattr(at_first, field.name)) for field in fields(now)]
    return render(
        request,
        "site/all_settings.html",
        person,
        of_site=of_site,
        of_start=start_rows(system.settings),
        file=CONFIG_FILE,
    )


def site_row(name: str, now: object, default: object) -> Row:
    fact = FACTS[name]
    return Row(fact.label, fact.effect, words(now, fact.empty), words(default, fact.empty), fact.unit, fact.page)


def start_rows(settings: Settings) -> list[Row]:
    """In the order of the code. Secrets are stars."""
    return [
        Row(
            PREFIX + name.upper(),
            (field.description or "")[:1].upper() + (field.description or "")[1:],
            words(getattr(settings, name), "not set"),
            words(field.default, "not set"),
            unit_of(name),
        )
        for name, field in Settings.model_fields.items()
    ]


def words(value: object, empty: str) -> str:
    """A secret is stars: its text is what pydantic shows of it."""
    if value in (None, "", (), {}):
        return empty
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):  # every one is a rate
        return f"{value:g}, or 1 in {1 / value:,.0f}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
