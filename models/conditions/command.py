"""`python -m models conditions`: a row for each condition, or for darker and lighter faces in less and less light."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from app.settings import default_cache
from models.conditions.measure import Lobby, conditions
from models.data.dataset import read_dataset
from models.data.embed import embed

LIGHTS = ("as it is", "light, share")


def command(
    dataset: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="One folder of photos a person.")],
    attempts: Annotated[int, typer.Option(min=10, help="Of employees, and as many of strangers.")] = 200,
    only: Annotated[list[str] | None, typer.Option(help="Words in the names of conditions; all by default.")] = None,
    by_luminance: Annotated[
        bool, typer.Option(help="Less and less light, for the darkest third of faces and for the others.")
    ] = False,
    seed: int = 0,
) -> None:
    """Measure refusals, missed employees and strangers let in under conditions of a lobby, drawn on photos."""
    console, cache, photos = Console(stderr=True), default_cache(), read_dataset(dataset)
    lobby = Lobby(embed(photos, cache, "f32", console), photos, cache, attempts, seed)
    if not by_luminance:
        for condition in conditions(only or ()):
            typer.echo(json.dumps(lobby.under(condition, lobby.attempts).row(condition=condition.name)))
        return
    employees = [one for one in lobby.attempts if one.person is not None and np.isfinite(one.luma)]
    third = float(np.quantile([one.luma for one in employees], 1 / 3))
    for condition in (one for one in conditions(()) if one.name.startswith(LIGHTS)):
        for words, darker in (("darkest third", True), ("others", False)):
            mine = [one for one in employees if (one.luma <= third) == darker]
            row = lobby.under(condition, mine, enrolment=True).row(condition=condition.name, faces=words)
            typer.echo(json.dumps(row))
