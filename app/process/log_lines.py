"""How log lines are written: as text for people, or as one JSON object a line for a log collector.

Each line of ours is an event and what belongs to it, such as `gate_command_failed gate=lobby error=TimeoutError`.
"""

import json
import logging
import re
from datetime import UTC, datetime

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_EVENT = re.compile(r"([a-z][a-z0-9]*(?:_[a-z0-9]+)+)((?: [a-z][a-z0-9_]*=.*)?)", re.DOTALL)
_FIELD = re.compile(r' ([a-z][a-z0-9_]*)=("[^"]*"|[^\s"]*)')


class JsonLines(logging.Formatter):
    """A line: at (UTC), level, logger, then event and its fields as text; message for a line of a library."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, **self._said(record.getMessage())}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

    @staticmethod
    def _said(message: str) -> dict[str, str]:
        found = _EVENT.fullmatch(message)
        if found is None:
            return {"message": message}
        # A field may not take the place of what the line itself says, such as its time.
        fields = {f"field_{name}" if name in _OURS else name: value for name, value in _FIELD.findall(found[2])}
        said = {"event": found[1], **{name: value.strip('"') for name, value in fields.items()}}
        # Quotes in a library's words may hide where a field ends; then the whole line goes along.
        return {**said, "message": message} if _FIELD.sub("", found[2]).strip() else said


_OURS = frozenset({"at", "level", "logger", "event", "message", "exception"})


def write_as(form: str) -> None:
    """From now on this process writes its log so: text or json."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(TEXT))
