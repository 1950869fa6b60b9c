"""How a long command tells a person where it is: lines that stay, and on a terminal a bar below them."""

from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Reporter(Protocol):
    """Is told how a fetch goes on."""

    def line(self, text: str) -> None:
        """Something happened that a person would like to read."""

    def advance(self, name: str, done: int, total: int | None) -> None:
        """`done` of `total` bytes of a download have come (`total` is None where the server does not say)."""


class Lines:
    """Progress as lines: on a terminal with a bar below them, elsewhere with the bar's quarters as lines."""

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
