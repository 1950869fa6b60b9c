"""What each setting of the site does, in words for people: its unit, its effect and where it is changed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SettingFact:
    """unit: "" for a text or a yes or no. empty: what no value means. page: where an admin changes it, at once."""

    label: str
    effect: str
    page: str
    unit: str = ""
    empty: str = "none"


# By the field of `SiteSettings`. A test holds that each has its fact.
FACTS = {
    "guard_grant_max_hours": SettingFact(
        "Longest temporary grant by guards",
        "For how long guards may let somebody in",
        "/settings/site",
        "hours",
        "no grants",
    ),
    "guards_may_lock_down": SettingFact(
        "Guards may lock down", "Whether guards may begin and end a lockdown", "/settings/site"
    ),
    "backup_folder": SettingFact(
        "Folder for nightly backups",
        "Where a sealed copy goes each night at 03:00",
        "/settings/care",
        empty="no backup",
    ),
    "backups_kept": SettingFact("Backups kept", "How many stay in the folder", "/settings/care", "backups"),
    "first_hour_over": SettingFact(
        "First hour over", "Whether the home page no longer lists what a new site lacks", "/"
    ),
    "false_accept_rate": SettingFact(
        "False-accept rate",
        "Share of strangers' attempts that may open; the threshold follows",
        "/settings/quality",
        empty="as started",
    ),
    "language": SettingFact(
        "Language",
        "Of the pages, for browsers that ask for none of their languages",
        "/settings/site",
        empty="English",
    ),
    "kept_hours": SettingFact(
        "How long data is kept",
        "Hours by kind of personal data; then a job removes it",
        "/settings/retention",
        "hours",
        empty="the usual times",
    ),
    "enrol_by_badge": SettingFact(
        "Enrolment by badge",
        "Whether gates photograph people who asked for it, at four of their badge reads",
        "/enrolments",
    ),
    "unknown_faces": SettingFact(
        "Unknown faces",
        "Whether admins see faces that no gate knew, and may name them",
        "/employees/unknown",
    ),
    "consent_required": SettingFact(
        "Consent required", "Whether photos wait until the person has agreed", "/settings/site"
    ),
    "consent_text": SettingFact(
        "Text of consent", "What people agree to who enrol from their own phone", "/settings/site", empty="our text"
    ),
}

# The unit that the end of a name says, of settings that the service is started with.
UNITS = {"_ms": "ms", "_s": "s", "_minutes": "minutes", "_hours": "hours", "_mb": "MB", "_px": "px"}


def unit_of(name: str) -> str:
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
