"""Commands that list model packs and move the gallery to another one."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from app.commands.common import HERE, Data, err, out, settings_of


def command(data: Data = HERE) -> None:
    """List the model packs. Loads each one, and says what is wrong with it."""
    from app.adapters.vision.packs import pack as packs
    from app.core.errors import FacegateError

    settings = settings_of(data)
    folder = settings.pack_folder
    table = Table("pack", "vector", "detector", "licence", "state", box=None, pad_edge=False)
    table.columns[-1].overflow = "fold"
    wrong = 0
    for name in packs.names(folder):
        with err.status(f"Loading {name}"):
            why = packs.problem(name, settings.cache, folder)
        try:
            pack = packs.described(name, folder)
            facts = [str(pack.dimension), pack.detector, pack.licence]
        except FacegateError:
            facts = ["", "", ""]
        wrong += why is not None
        # Licences and reasons come from other people's files, and must not be read as markup.
        table.add_row(*(Text(cell) for cell in (name, *facts, "ready" if why is None else f"WRONG: {why}")))
    for name, why in packs.misnamed(folder):
        wrong += 1
        # A folder's name can be any bytes, also ones that a terminal cannot print.
        shown = "".join(c if c.isprintable() else "?" for c in name)
        table.add_row(*(Text(cell) for cell in (shown, "", "", "", f"WRONG: {why}")))
    out.print(table)
    out.print(f"Put your own packs into {folder}, one folder each.", markup=False)
    if wrong:
        raise typer.Exit(1)


def reembed(
    pack: Annotated[str | None, typer.Option(help="Move to this pack; by default the present one.")] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Switch even if the pack finds no face in any photo of some employees.")
    ] = False,
    data: Data = HERE,
) -> None:
    """Move the gallery to another model pack or precision, from the stored photos, while the service runs.

    Gates decide by the old templates until one switch at the end. If interrupted, run it again: it continues where it
    stopped. Services restart by themselves within seconds of the switch.
    """
    from app.wiring import reembed as run

    moved = run(settings_of(data), _shown, pack, leave_out=leave_out)
    out.print(f"Switched to {moved.templates} new templates.")
    if moved.left_out:
        out.print(f"Not recognised until they have better photos: {', '.join(moved.left_out)}", markup=False)


def _shown(items: Sequence[str]) -> Iterator[str]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TaskProgressColumn(show_speed=True), TimeRemainingColumn(), console=err) as progress:
        yield from progress.track(items, description="Re-embedding")
