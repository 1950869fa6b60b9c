"""Finished sentences, found by their patterns: which are there, what their values are, and which values are texts."""

import re

PLACEHOLDER = re.compile(r"\{(\w+)\}")
LEAST_WORDS = 2  # of a pattern
# The values of finished sentences that may be texts of ours. All others are names and what people typed, which nobody
# translates: a person may be called "All people". So a value with a name that is not here stays as it is.
PHRASES = {
    "age_in_words", "because", "begin", "begins", "cause", "clocks", "count", "cure", "damaged", "day", "days",
    "detail", "employees", "end", "explained", "failed", "fault", "first", "for_people", "gates", "get", "harm", "hint",
    "in_words", "kind", "kinds", "last", "left", "left_out", "meant", "missing", "mode", "more", "one", "or",
    "people", "problem", "said", "save", "send", "sentence", "shows", "strangers",
    "templates", "tests", "three", "times", "what", "where", "why", "without_liveness", "words", "wrong",
}  # fmt: skip
TYPED = {"cell", "comment", "doubtful", "name", "number", "path", "text", "title"}  # not even dates and figures in it
_WORD = re.compile(r"[^\W\d_]+")


class Pattern:
    """A sentence with values, and its translation. letters: how many are not of values."""

    def __init__(self, english: str, translation: str) -> None:
        self.translation = translation
        # literal, name, literal, name, ..., literal
        self._parts = PLACEHOLDER.split(english)
        self.letters = sum(map(len, self._parts[::2]))

    @staticmethod
    def is_one(english: str) -> bool:
        """Whether the text has values, and enough words besides them that no other text looks like it."""
        return "{" in english and len(_WORD.findall(PLACEHOLDER.sub("", english))) >= LEAST_WORDS

    def values(self, text: str) -> dict[str, str] | None:
        """The values by name if the text is such a sentence. Each ends where its next literal first begins."""
        literals, at = self._parts[2:-1:2], len(self._parts[0])
        end = len(text) - len(self._parts[-1])
        if not (text.startswith(self._parts[0]) and text.endswith(self._parts[-1])):
            return None
        found = dict[str, str]()
        for name, literal in zip(self._parts[1::2], [*literals, None], strict=True):
            until = end if literal is None else text.find(literal, at + 1, end)
            if until <= at or found.setdefault(name, text[at:until]) != text[at:until]:
                return None
            at = until + len(literal or "")
        return found
