"""Keys of a reader's keypad, gathered into a PIN: # ends it, * starts anew, as OSDP names them."""

from app.core.credentials.pin import LEAST_DIGITS, MOST_DIGITS

END, CLEAR = b"\r#", b"\x7f*"
FORGOTTEN_S = 5.0  # after the last key: what is left there is not the next person's


class Keypad:
    """Not for several threads at once."""

    def __init__(self) -> None:
        self._digits = ""
        self._began_s = self._last_s = float("-inf")

    def press(self, keys: bytes, now_s: float) -> tuple[str, int] | None:
        """Takes keys. Returns a PIN, and in how many ms it was typed, once it is ended; None before, and for none.

        now_s: monotonic seconds.
        """
        done = None
        for key in keys:
            if now_s - self._last_s > FORGOTTEN_S or key in CLEAR:
                self._digits = ""
            self._last_s = now_s
            if key in b"0123456789":
                if not self._digits:
                    self._began_s = now_s
                self._digits = (self._digits + chr(key))[: MOST_DIGITS + 1]
            elif key in END:
                # What is too long is no PIN, and its end is none either.
                if LEAST_DIGITS <= len(self._digits) <= MOST_DIGITS:
                    done = self._digits, round((now_s - self._began_s) * 1000)
                self._digits = ""
        return done
