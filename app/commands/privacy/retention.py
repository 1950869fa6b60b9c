"""Commands that show for how long personal data is kept and what would go, and change the periods."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.table import Table

from app.commands.common import HERE, Data, backbone, out
from app.core.site.retention import WORDS, KeptHours, Kind

cli = typer.Typer(no_args_is_help=True, help="Show for how long personal data is kept, and change it.")


@cli.command("show")
def show(data: Data = HERE) -> None:
    """Count what is due now, by kind, and what was removed so far. Removes nothing: the service does."""
    with backbone(data) as here:
        states = here.retention.states(counted=True)
    table = Table("kind", "hours kept", "due now", "removed", "last", "what", box=None, pad_edge=False)
    for one in states:
        due = "unknown" if one.due is None else str(one.due)
        last = "" if one.last is None else f"{one.last.at:%Y-%m-%d %H:%M} UTC"
        usual = "" if one.hours == one.usual_hours else f" (usually {one.usual_hours})"
        table.add_row(one.kind.value, f"{one.hours}{usual}", due, str(one.removed), last, WORDS[one.kind][0])
    out.print(table)
    if any(one.due is None for one in states):
        out.print("The clock may be wrong, so nothing is removed: see `clock show`.")


@cli.command("set")
def set_hours(
    kind: Kind,
    hours: Annotated[int | None, typer.Argument(help="For how long; without it, the usual time.")] = None,
    data: Data = HERE,
) -> None:
    """Set for how many hours one kind is kept. What is older goes within ten minutes."""
    with backbone(data) as here:
        changed = here.site_settings.change(
            lambda before: replace(before, kept_hours=KeptHours({**before.kept_hours, kind.value: hours}))
        )
        kept = changed.kept_hours.of(kind)
    out.print(f"{kind.value}: {kept.total_seconds() / 3600:.0f} hours")
