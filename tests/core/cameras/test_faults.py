"""Each fault of a camera has words, a code and advice; the words are those that the adapters give."""

from app.adapters.cameras import http_stream, link
from app.core.cameras.faults import SILENT_S, SourceFault, fault_in
from app.services.cameras import live_view


def test_every_fault_says_what_to_do_in_whole_sentences() -> None:
    for fault in SourceFault:
        assert fault.advice.endswith(".") and fault.advice[0].isupper(), fault
        assert not fault.value.endswith("."), "the advice follows it"


def test_fault_is_found_in_its_words_and_behind_those_of_the_watchdog() -> None:
    assert fault_in("the camera refuses the user name or password") is SourceFault.LOGIN_REFUSED
    assert fault_in(f"no picture for 7 s: {SourceFault.NO_STREAM}") is SourceFault.NO_STREAM
    assert fault_in("capture failed: KeyError") is None
    assert SourceFault.NO_STREAM.code == "no_stream"


def test_seconds_in_the_words_are_the_limits() -> None:
    assert f"{link.CONNECT_S:.0f} s" in SourceFault.NO_ANSWER and link.CONNECT_S == http_stream.ANSWER_S
    assert f"{SILENT_S:.0f} s" in SourceFault.SILENT
    assert f"{live_view.FIRST_S:.0f} s" in SourceFault.NO_FIRST
