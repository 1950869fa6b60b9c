"""Progress of a long command: lines that stay, and on a terminal a bar below them."""

from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Reporter(Protocol):
    """Receives the progress of a fetch."""

    def line(self, text: str) -> None:
        """Prints one line for the user."""

    def advance(self, name: str, done: int, total: int | None) -> None:
        """Shows that `done` of `total` bytes of a download arrived; `total` is None if the server does not say."""


class Lines:
    """Prints lines, with a bar below them on a terminal; elsewhere, each quarter of a download is a line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._quarters: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        self._bars.add_task("fetching", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def advance(self, name: str, done: int, total: int | None) -> None:
        if self._console.is_terminal:
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(name)
            self._bars.update(self._tasks[name], completed=done, total=total)
        elif total and (quarter := done * 4 // total) > self._quarters.get(name, 0):
            self._quarters[name] = quarter
            self.line(f"{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB")
