"""The clock: what is in doubt about it, and saying that it is right."""

from typing import Annotated

import typer

from app.commands.common import HERE, Data, office, out

cli = typer.Typer(no_args_is_help=True, help="The clock, where the log says that it cannot be right.")


@cli.command("show")
def show(data: Data = HERE) -> None:
    """Say what time it is here, and what speaks against it."""
    with office(data) as here:
        here.clock_watch.look()
        doubt = here.clock_watch.doubt()
        out.print(f"{here.clock():%Y-%m-%d %H:%M:%S} UTC")
        out.print(doubt or "Nothing speaks against it.", markup=False)
    if doubt:
        raise typer.Exit(1)


@cli.command("confirm")
def confirm(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = HERE,
) -> None:
    """Say that the clock is right now. People with dates are let in again, within ten seconds at every gate."""
    with office(data) as here:
        if not yes:
            typer.confirm(f"Is it {here.clock():%Y-%m-%d %H:%M:%S} UTC now?", abort=True)
        at = here.clock_watch.confirm()
    out.print(f"confirmed: {at:%Y-%m-%d %H:%M:%S} UTC")
