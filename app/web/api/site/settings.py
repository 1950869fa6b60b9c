"""Settings of the site that an admin changes while it runs."""

from dataclasses import asdict, replace
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.core.access.rule_edits import version_of
from app.core.site.backup import DEFAULT_KEPT, MOST_KEPT
from app.core.site.retention import KeptHours
from app.core.site.settings import LEAST_RATE, MOST_CONSENT_CHARS, MOST_GRANT_HOURS, MOST_RATE, SiteSettings
from app.web.api.access.rules.entries import IfMatch, tagged, version_sent
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Strict
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/settings", tags=["Site"])

HOURS = "for how long guards may let somebody in by a temporary grant; null: only admins may"
LOCKDOWN = "whether guards may begin and end a lockdown"
FOLDER = "where the nightly backup goes, on the service's machine; null: there is none"
UNKNOWN = "whether admins see the faces of the last three days that no gate knew, and may name them"
KEPT = "how many backups stay in that folder"
FIRST_HOUR = "whether an admin ended the first hour: the home page no longer lists what a new site lacks"
CONSENT = "what people agree to when they enrol by a link; `{site}` stands for the site's name; null or empty: our text"
REQUIRED = "whether nobody is enrolled without a consent that stands, since consent is the legal basis here"
LANGUAGE = "of pages for browsers that ask for none of the languages of the pages; null: English"
BY_BADGE = "whether gates photograph people who asked to be enrolled by their badge; off: the pictures are erased"
HELD = (
    "for how many hours personal data is kept, by kind, where that is not the usual time; `GET /v1/retention` lists "
    "the kinds. What is sent is merged into it; null: the usual time"
)
RATE = "share of strangers' attempts that may open; null: the rate that the service was started with"


class SettingsPatch(Strict):
    """Only what is sent changes."""

    guard_grant_max_hours: int | None = Field(None, ge=1, le=MOST_GRANT_HOURS, examples=[8], description=HOURS)
    guards_may_lock_down: bool = Field(False, description=LOCKDOWN)
    backup_folder: str | None = Field(None, max_length=1000, examples=["/mnt/backup"], description=FOLDER)
    backups_kept: int = Field(DEFAULT_KEPT, ge=1, le=MOST_KEPT, description=KEPT)
    first_hour_over: bool = Field(False, description=FIRST_HOUR)
    false_accept_rate: float | None = Field(None, ge=LEAST_RATE, le=MOST_RATE, examples=[0.001], description=RATE)
    unknown_faces: bool = Field(False, description=UNKNOWN)
    consent_text: str | None = Field(None, max_length=MOST_CONSENT_CHARS, description=CONSENT)
    consent_required: bool = Field(False, description=REQUIRED)
    enrol_by_badge: bool = Field(False, description=BY_BADGE)
    language: Literal["de"] | None = Field(None, examples=["de"], description=LANGUAGE)
    kept_hours: dict[str, int | None] = Field(
        default_factory=dict, max_length=50, examples=[{"stranger_pictures": 24}], description=HELD
    )


class SettingsOut(BaseModel):
    version: str = Field(description="changes with the settings; send it back as If-Match")
    guard_grant_max_hours: int | None = Field(description=HOURS)
    guards_may_lock_down: bool = Field(description=LOCKDOWN)
    backup_folder: str | None = Field(description=FOLDER)
    backups_kept: int = Field(description=KEPT)
    first_hour_over: bool = Field(description=FIRST_HOUR)
    false_accept_rate: float | None = Field(description=RATE)
    unknown_faces: bool = Field(description=UNKNOWN)
    consent_text: str | None = Field(description=CONSENT)
    consent_required: bool = Field(description=REQUIRED)
    enrol_by_badge: bool = Field(description=BY_BADGE)
    language: str | None = Field(description=LANGUAGE)
    kept_hours: dict[str, int] = Field(examples=[{"stranger_pictures": 24}], description=HELD)

    @classmethod
    def of(cls, settings: SiteSettings, response: Response) -> "SettingsOut":
        version = version_of(settings)
        tagged(response, version)
        return cls(version=version, **asdict(settings))


@router.get("", summary="Read the site's settings", responses=ERRORS)
def read(system: SystemOf, _: Admin, response: Response) -> SettingsOut:
    return SettingsOut.of(system.site_settings.get(), response)


@router.patch("", summary="Change the site's settings", responses=CONFLICT)
def patch(body: SettingsPatch, system: SystemOf, _: Admin, response: Response, if_match: IfMatch = None) -> SettingsOut:
    """409 with `current` if somebody else changed them meanwhile."""
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    for name in {"backup_folder", "consent_text"} & set(sent):
        sent[name] = sent[name] or None
    if sent.get("backup_folder"):
        system.backups.files.check_folder(sent["backup_folder"])
    hours = sent.pop("kept_hours", {})

    def change(before: SiteSettings) -> SiteSettings:
        return replace(before, **sent, kept_hours=KeptHours({**before.kept_hours, **hours}))

    changed = system.site_settings.change(change, version_sent(if_match))
    if not changed.unknown_faces:
        system.unknown_faces.forget()
    if not changed.enrol_by_badge:
        system.gathering.stop_all()
    return SettingsOut.of(changed, response)
