"""The laboratory's command line. Each command has its own module and is registered here."""

import typer

from models import facenet
from models.accuracy import calibrate, evaluate, holder, widths
from models.conditions import command as conditions
from models.liveness import pad_report
from models.siamese import command as siamese
from models.weights import fetch

app = typer.Typer(no_args_is_help=True, help="Facegate's laboratory: fetch, measure and train the models.")
app.command("fetch")(fetch.command)
app.command("calibrate")(calibrate.command)
app.command("evaluate")(evaluate.command)
app.command("widths")(widths.command)
app.command("conditions")(conditions.command)
app.command("holder")(holder.command)
app.command("evaluate-pad")(pad_report.command)
app.command("train")(siamese.command)
app.command("facenet")(facenet.command)


@app.callback()
def _commands() -> None:
    # Without a callback, typer drops the command's name if there is only one.
    pass


if __name__ == "__main__":
    app()
