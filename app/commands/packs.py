"""Model packs from the command line: which there are, what is wrong with each, and the move to another."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from app.commands.common import HERE, Data, err, out, settings_of


def command(data: Data = HERE) -> None:
    """List the model packs, each loaded for real, and what keeps one from being served."""
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
        # Licences and reasons come from files of somebody else's; nothing in them is markup.
        table.add_row(*(Text(cell) for cell in (name, *facts, "ready" if why is None else f"WRONG: {why}")))
    for name, why in packs.misnamed(folder):
        wrong += 1
        # A folder's name can be any bytes; what no terminal shows must not stop the list.
        shown = "".join(c if c.isprintable() else "?" for c in name)
        table.add_row(*(Text(cell) for cell in (shown, "", "", "", f"WRONG: {why}")))
    out.print(table)
    out.print(f"your own packs: a folder each in {folder}", markup=False)
    if wrong:
        raise typer.Exit(1)


def reembed(
    pack: Annotated[str | None, typer.Option(help="Move to this pack; the present one if not given.")] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Switch even if the pack sees some employees in none of their photos.")
    ] = False,
    data: Data = HERE,
) -> None:
    """Move the gallery to another model pack or precision, from the stored photos, while the service runs.

    Gates decide by the old templates until one switch at the end. Cut off, it goes on where it stopped when run again.
    Services follow the switch by a restart of their own, within seconds.
    """
    from app.wiring import reembed as run

    moved = run(settings_of(data), _shown, pack, leave_out=leave_out)
    out.print(f"{moved.templates} templates made anew and switched to")
    if moved.left_out:
        out.print(f"not recognised until they have better photos: {', '.join(moved.left_out)}", markup=False)


def _shown(items: Sequence[str]) -> Iterator[str]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TaskProgressColumn(show_speed=True), TimeRemainingColumn(), console=err) as progress:
        yield from progress.track(items, description="Re-embedding")
