"""Finds text in scripts that is not marked for translation."""

import re
from collections.abc import Iterator

# Comments, strings and template literals without nested ones.
_LITERAL = re.compile(r"//[^\n]*|/\*.*?\*/|\"((?:[^\"\\\n]|\\.)*)\"|`((?:\\.|[^`\\])*)`", re.DOTALL)
# What comes before code: selectors, names of elements and events, values that are compared.
_CODE = re.compile(
    r"(?:querySelector(?:All)?|getElementById|closest|matches|\w+Attribute|\w+EventListener|\w*Event|createElement(?:NS)?"
    r"|el|svg|\w+Item|field|value|get|has|set|append|Error|open|setRequestHeader)\(\s*$|(?:from|import|===|!==|case|in)\s*$"
)
_SENTENCE = re.compile(r"^[^a-z]*[A-Z][a-z]+ [a-z]|[a-z]{2}[.!?…]$|^[A-Z][a-z]{3,}( [a-z]+)*$")
_NO_SENTENCE = {"Enter", "Accept", "Basic", "Digest", "Bearer"}


def unmarked_in_script(source: str) -> Iterator[str]:
    """The texts that look like sentences or labels and are not in `_("…")`, in a literal after `_`, or in `counted`."""
    for found in _LITERAL.finditer(source):
        text = found[1] if found[1] is not None else found[2]
        before = source[: found.start()]
        if text is None or text in _NO_SENTENCE or _CODE.search(before[-60:]):
            continue
        if before.endswith(("_(", "_")) or re.search(r"counted\([^;]*$", before[-200:]):
            continue
        bare = re.sub(r"\$\{[^}]*\}", "", text)
        if _SENTENCE.search(bare) and not re.search(r"[{}<>=#\[\]/_]", bare):
            yield text
