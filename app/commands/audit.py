"""Proof that the log was not altered."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import HERE, Data, err, office, out

cli = typer.Typer(no_args_is_help=True, help="Proof that the log was not altered.")


@cli.command("verify")
def verify_log(
    checkpoints: Annotated[
        list[Path] | None, typer.Option(exists=True, help="Further files of signed checkpoints, kept elsewhere.")
    ] = None,
    data: Data = HERE,
) -> None:
    """Walk every gate's chain; name the first bad record, if there is one."""
    from app.wiring import read_checkpoints

    with office(data) as here:
        damaged: list[str] = []
        kept = (mark for path in checkpoints or [] for mark in read_checkpoints(path, damaged))
        report = here.checkpoints.verify(kept, damaged)
    for name, chain in report.gates.items():
        out.print(f"{name}: {chain.events} events, head {chain.head[:16]}", markup=False)
    if report.flaw is None:
        out.print("The log is whole." if report.gates else "nothing to verify yet: no gates")
        return
    flaw = report.flaw
    err.print(f"BAD: gate {flaw.gate}, record {flaw.sequence} ({flaw.event_id}): {flaw.problem}", markup=False)
    raise typer.Exit(1)


@cli.command("checkpoint")
def checkpoint(data: Data = HERE) -> None:
    """Print the signed heads of all gates, one JSON object a line: keep them away from this machine."""
    with office(data) as here:
        for mark in here.checkpoints.audit.checkpoint():
            sys.stdout.write(json.dumps(mark) + "\n")
