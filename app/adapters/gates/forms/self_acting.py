"""Which requests switch a relay by themselves, and which pairs of requests contradict each other.

An address like `/relay/0?turn=on` unlocks whatever is sent to it, even `secure`. These checks refuse what they
recognise by its wording: addresses that act, toggles, timers that undo a `secure` or a `release`, and a `secure` that
switches the same way as `open` or `release`. A device with a wording of its own escapes them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus, urlsplit

UNLOCKS = frozenset({"on", "open", "unlock", "true", "opendoor", "unlocked", "enable"})
LOCKS = frozenset({"off", "close", "lock", "false", "shut", "closed", "locked", "disable"})
TOGGLES = frozenset({"toggle", "invert", "flip"})
ACTIONS = UNLOCKS | LOCKS | TOGGLES | frozenset({"turn", "trigger", "pulse", "press", "activate", "momentary"})
# Path segments of devices' and home servers' own interfaces.
INTERFACES = frozenset({"cm", "rpc", "cgi", "isapi", "services", "accesscontrol", "roller"})
NUMBERED = re.compile(r"(relay|relays|switch|output|outlet|gpio|power|io|button)[/_-]?\d", re.IGNORECASE)
HOME_HOOK = re.compile(r"/api/webhook/", re.IGNORECASE)
SWITCHES = frozenset(
    {"turn", "cmnd", "cmd", "on", "off", "state", "toggle", "timer", "go", "action", "switch", "relay", "power",
     "value", "pin", "gpio", "output", "pulse", "command", "open"}
)  # fmt: skip
FLIPS_BACK = re.compile(r"\b(toggle_after|timer|auto_off|auto_on|on_for|off_for)\b", re.IGNORECASE)
ACTS = (
    "this address looks as if it switches by itself, so every command would unlock; "
    "give each command a request of its own (commands.open, commands.release, commands.secure) or a ready form (relay)"
)


@dataclass(frozen=True)
class Said:
    """One command as it is sent: address and content. Only the wording is checked."""

    address: str
    content: str = ""
    more: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> frozenset[str]:
        return frozenset(_words(f"{self.address} {self.content}"))


def acts_by_itself(url: str) -> bool:
    """Whether calling the URL alone seems to switch something, whatever the body."""
    parts = urlsplit(url)
    path = unquote_plus(parts.path)
    if NUMBERED.search(path) or HOME_HOOK.search(path) or (ACTIONS | INTERFACES).intersection(_words(path)):
        return True
    query = parse_qsl(parts.query, keep_blank_values=True)
    keys = {word for key, _ in query for word in (key.lower(), *_words(key))}
    return bool(SWITCHES & keys or ACTIONS.intersection(word for _, value in query for word in _words(value)))


def contradiction(said: Mapping[str, Said]) -> str | None:
    """The contradiction among `open`, `release` and `secure`, or None."""
    for name, one in said.items():
        if TOGGLES & one.words:
            return f"{name} toggles: what it does depends on what was before"
    for name in ("release", "secure"):
        if FLIPS_BACK.search(unquote_plus(f"{said[name].address} {said[name].content}")) or _has_seconds(said[name]):
            return f"{name} has a timer that undoes it; only open may have one"
    for name in ("open", "release"):
        if _same(said[name], said["secure"]):
            return f"{name} and secure are the same request"
        if _sense(said[name]) is not None and _sense(said[name]) == _sense(said["secure"]):
            return f"{name} and secure both switch {'on or open' if _sense(said[name]) else 'off or shut'}"
    return None


def _same(one: Said, other: Said) -> bool:
    return (unquote_plus(one.address), unquote_plus(one.content), one.more) == (
        unquote_plus(other.address), unquote_plus(other.content), other.more
    )  # fmt: skip


def _sense(said: Said) -> bool | None:
    """True for on or open, False for off or shut, None if neither or both."""
    # The content decides before the address: a topic or entity may have any name.
    parts = urlsplit(said.address)
    for text in (said.content, parts.query, parts.path):
        words = set(_words(text))
        unlocks, locks = bool(words & UNLOCKS), bool(words & LOCKS)
        if unlocks != locks:
            return unlocks
    return None


def _has_seconds(said: Said) -> bool:
    """`on,5` or `off,5`: on or off for that many seconds."""
    return re.fullmatch(r"\s*(on|off)\s*,\s*\d.*", said.content, re.IGNORECASE) is not None


def _words(text: str) -> list[str]:
    # `toggle_after` is a timer and no toggle.
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", FLIPS_BACK.sub(" ", unquote_plus(text)))
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]
