"""The command line of the experiments. Each one tests an assumption behind the design."""

import typer

from models.experiments.detectors import detectors
from models.experiments.two_steps import two_steps
from models.experiments.variants import variants

app = typer.Typer(no_args_is_help=True, help="Experiments that test the assumptions behind the design.")
app.command("two_steps")(two_steps.command)
app.command("variants")(variants.command)
app.command("detectors")(detectors.command)


@app.callback()
def _commands() -> None:
    # Without a callback, typer drops the command's name if there is only one.
    pass


if __name__ == "__main__":
    app()
