"""Windows and rules' times in words, as pages show them. static/access/week_words.js says the same in the browser."""

from app.core.access.schedules import DAY_MIN, WEEKDAYS, Schedule, Window, clock

MOST_SHOWN = 3


def window_words(window: Window) -> str:
    """Such as "Mon to Fri, 22:00 to 06:00 the next day"."""
    hours = window.hours
    if hours.length_min == DAY_MIN:
        return f"{day_words(window.weekdays)}, {clock(hours.start_min)} for 24 hours"
    over = " the next day" if hours.end_min > DAY_MIN else ""
    return f"{day_words(window.weekdays)}, {clock(hours.start_min)} to {clock(hours.end_min)}{over}"


def day_words(days: tuple[int, ...]) -> str:
    """Such as "Mon to Wed, Fri"."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        f"{WEEKDAYS[run[0]]} to {WEEKDAYS[run[-1]]}" if len(run) > 2 else ", ".join(WEEKDAYS[day] for day in run)
        for run in runs
    ]
    return ", ".join(parts)


def schedule_words(schedule: Schedule) -> str:
    """Its windows, the first of them where there are many."""
    shown = [window_words(window) for window in sorted(schedule.windows)]
    more = len(shown) - MOST_SHOWN
    rest = f"; and {more} more" if more > 0 else ""
    return "; ".join(shown[:MOST_SHOWN]) + rest if shown else "only on dates of its calendars"
