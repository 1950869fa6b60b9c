"""Commands that show what is wrong with the clock, and confirm that it is right."""

from typing import Annotated

import typer

from app.commands.common import HERE, Data, backbone, out

cli = typer.Typer(no_args_is_help=True, help="Check the clock, or confirm it when the log contradicts it.")


@cli.command("show")
def show(data: Data = HERE) -> None:
    """Show the time, and what contradicts it."""
    with backbone(data) as here:
        here.clock_watch.look()
        doubt = here.clock_watch.doubt()
        out.print(f"{here.clock():%Y-%m-%d %H:%M:%S} UTC")
        out.print(doubt or "Nothing contradicts it.", markup=False)
    if doubt:
        raise typer.Exit(1)


@cli.command("confirm")
def confirm(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = HERE,
) -> None:
    """Confirm that the clock is right. Within ten seconds every gate admits people with validity dates again."""
    with backbone(data) as here:
        if not yes:
            typer.confirm(f"Is it {here.clock():%Y-%m-%d %H:%M:%S} UTC now?", abort=True)
        at = here.clock_watch.confirm()
    out.print(f"Confirmed: {at:%Y-%m-%d %H:%M:%S} UTC")
