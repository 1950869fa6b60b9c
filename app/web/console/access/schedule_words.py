"""Windows and rules' times in words, as pages show them. static/access/week_words.js says the same in the browser."""

from app.core.access.schedules import DAY_MIN, WEEKDAYS, Schedule, Window, clock
from app.web.language.catalog import translated as _

MOST_SHOWN = 3


def window_words(window: Window) -> str:
    """Such as "Mon to Fri, 22:00 to 06:00 the next day"."""
    hours = window.hours
    if hours.length_min == DAY_MIN:
        return _("{days}, {start} for 24 hours", days=day_words(window.weekdays), start=clock(hours.start_min))
    said = "{days}, {start} to {end} the next day" if hours.end_min > DAY_MIN else "{days}, {start} to {end}"
    return _(said, days=day_words(window.weekdays), start=clock(hours.start_min), end=clock(hours.end_min))


def day_words(days: tuple[int, ...]) -> str:
    """Such as "Mon to Wed, Fri"."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        _("{first} to {last}", first=_(WEEKDAYS[run[0]]), last=_(WEEKDAYS[run[-1]]))
        if len(run) > 2
        else ", ".join(_(WEEKDAYS[day]) for day in run)
        for run in runs
    ]
    return ", ".join(parts)


def schedule_words(schedule: Schedule) -> str:
    """Its windows, the first of them where there are many."""
    shown = [window_words(window) for window in sorted(schedule.windows)]
    more = len(shown) - MOST_SHOWN
    rest = _("; and {more} more", more=more) if more > 0 else ""
    return "; ".join(shown[:MOST_SHOWN]) + rest if shown else _("only on dates of its calendars")
