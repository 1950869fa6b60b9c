"""A badge: the bits that a reader reads. How many there are and what they are is what a badge is known by.

A number that is printed on it is for people; `formats` says how it lies in the bits.
"""

import re
from dataclasses import dataclass

from app.core.errors import BadInput

MOST_BITS = 512
LEAST_KEPT_BITS = 16  # keypads send a key as 4 or 8 bits, which must never become somebody's badge
_AS_READ = re.compile(r"([0-9]{1,3}):([0-9A-Fa-f]{1,128})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Badge:
    """bits: how many, 1 to 512. value: all of them as one number, the bit that was read first on the left.

    Raises BadInput('bad_badge').
    """

    bits: int
    value: int

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= MOST_BITS or not 0 <= self.value < 1 << self.bits:
            raise BadInput("bad_badge", f"A badge has 1 to {MOST_BITS} bits.")

    @classmethod
    def of_hex(cls, bits: int, digits: str) -> "Badge":
        """Reads whole bytes, as a reader sends them: the bits in order, filled up with zeros at the end.

        Raises BadInput('bad_badge'), also for a filling that is not zero: then the length is wrong.
        """
        filling = -bits % 8
        if not 1 <= bits <= MOST_BITS or not re.fullmatch(f"[0-9A-Fa-f]{{{(bits + filling) // 4}}}", digits):
            raise BadInput("bad_badge", "Send a badge as whole bytes in hex: 26 bits are 8 digits.")
        whole = int(digits, 16)
        if whole & ((1 << filling) - 1):
            raise BadInput("bad_badge", "The bits after the badge's last one must be zero.")
        return cls(bits, whole >> filling)

    @classmethod
    def of_text(cls, text: str) -> "Badge | None":
        """Reads what `text` writes, such as 26:860933C0; None for anything else. Raises BadInput('bad_badge')."""
        found = _AS_READ.fullmatch(text)
        return None if found is None else cls.of_hex(int(found[1]), found[2])

    @property
    def hex(self) -> str:
        """Upper case, as `of_hex` reads it."""
        filling = -self.bits % 8
        return f"{self.value << filling:0{(self.bits + filling) // 4}X}"

    @property
    def text(self) -> str:
        """Identifies it: no two badges have the same."""
        return f"{self.bits}:{self.hex}"

    @property
    def can_be_kept(self) -> bool:
        """Whether it may become somebody's. A broken line reads nothing but zeros, or nothing but ones."""
        return self.bits >= LEAST_KEPT_BITS and self.value not in (0, (1 << self.bits) - 1)
