"""Commands that prove whether the log was altered."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import HERE, Data, backbone, err, out

cli = typer.Typer(no_args_is_help=True, help="Check whether the log was altered.")


@cli.command("verify")
def verify_log(
    checkpoints: Annotated[
        list[Path] | None, typer.Option(exists=True, help="More files of signed checkpoints, kept elsewhere.")
    ] = None,
    data: Data = HERE,
) -> None:
    """Check every gate's chain and name the first bad record."""
    from app.wiring import read_checkpoints

    with backbone(data) as here:
        damaged: list[str] = []
        kept = (mark for path in checkpoints or [] for mark in read_checkpoints(path, damaged))
        report = here.checkpoints.verify(kept, damaged)
    for name, chain in report.gates.items():
        out.print(f"{name}: {chain.events} events, head {chain.head[:16]}", markup=False)
    if report.flaw is None:
        out.print("The log is intact." if report.gates else "Nothing to verify yet: there are no gates.")
        return
    flaw = report.flaw
    err.print(f"BAD: gate {flaw.gate}, record {flaw.sequence} ({flaw.event_id}): {flaw.problem}", markup=False)
    raise typer.Exit(1)


@cli.command("checkpoint")
def checkpoint(data: Data = HERE) -> None:
    """Print the signed heads of all gates, one JSON object a line. Keep them on another machine."""
    with backbone(data) as here:
        for mark in here.checkpoints.audit.checkpoint():
            sys.stdout.write(json.dumps(mark) + "\n")
