"""Every log line is an event and what belongs to it: `gate_command_failed gate=lobby error=TimeoutError`.

So an operator greps for an event, and a log collector splits a line without knowing it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[1] / "app"
LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
LINE = re.compile(r'[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?: [a-z][a-z0-9_]*=(?:"[^"]*"|[^\s"]+))*')


def logged(source: str) -> Iterator[tuple[int, ast.expr]]:
    """The line number and the message of each call to a logger."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            name = ast.unparse(node.func.value).rpartition(".")[2].strip("_")
            if name in ("log", "logger"):
                yield node.lineno, node.args[1 if node.func.attr == "log" else 0]


def is_event(message: ast.expr) -> bool:
    return isinstance(message, ast.Constant) and isinstance(message.value, str) and bool(LINE.fullmatch(message.value))


def test_every_log_line_is_an_event_with_keys_and_values() -> None:
    lines = [(path, *line) for path in sorted(APP.rglob("*.py")) for line in logged(path.read_text("utf-8"))]
    assert len(lines) > 50
    wrong = [f"{path}:{number}: {ast.unparse(text)}" for path, number, text in lines if not is_event(text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "line",
    [
        'logger.error("the gate failed")',
        'logger.error("gate failed gate=%s", name)',
        'self._log.warning("gate_failed: %s", name)',
        'log.log(level, "gate_failed why=it broke")',
        'logger.info(f"gate_failed gate={name}")',
        "logger.info(words)",
    ],
)
def test_line_in_words_is_found(line: str) -> None:
    [(_, message)] = logged(line)
    assert not is_event(message)


def test_line_of_keys_and_values_passes() -> None:
    [(_, message)] = logged("""_log.log(level, 'gate_failed gate=%s why="%s" again_s=%.1f', name, words, pause_s)""")
    assert is_event(message)
