"""Lines end when the work ends, the reader leaves or the server stops; a slow reader gets the newest."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

from app.web.edge.live_lines import LiveLines
from tests.waiting import eventually, run


class Reader:
    """The other end of an answer. leaves: when it hangs up; slow: it reads nothing until then."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.ended = False
        self.leaves, self.may_read = asyncio.Event(), asyncio.Event()
        self.may_read.set()

    async def receive(self) -> dict[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.may_read.wait()
        if message["type"] == "http.response.body":
            self.ended = not message["more_body"]
            self.got += [json.loads(line) for line in message["body"].splitlines()]


class Source:
    """Endless lines, until closed."""

    def __init__(self) -> None:
        self.closed, self.made = threading.Event(), 0

    def lines(self) -> Iterator[dict[str, Any]]:
        while not self.closed.wait(0.005):
            self.made += 1
            yield {"number": self.made}


def serve(lines: Iterator[dict[str, Any]], close: Any, reader: Reader, stopping: Any = lambda: False) -> Any:
    return asyncio.wait_for(LiveLines(lines, close, stopping)({}, reader.receive, reader.send), 10)


def test_all_lines_of_finished_work_come_and_the_answer_ends() -> None:
    async def play() -> Reader:
        reader, closed = Reader(), threading.Event()
        await serve(iter([{"number": 1}, {"number": 2}]), closed.set, reader)
        assert closed.is_set()
        return reader

    reader = run(play())
    assert reader.got == [{"number": 1}, {"number": 2}] and reader.ended


def test_work_ends_when_the_reader_leaves() -> None:
    async def play(source: Source) -> None:
        reader = Reader()
        serving = asyncio.create_task(serve(source.lines(), source.closed.set, reader))
        await asyncio.to_thread(eventually, lambda: len(reader.got) > 2)
        reader.leaves.set()
        await serving

    source = Source()
    run(play(source))
    assert source.closed.is_set()


def test_slow_reader_gets_the_newest_lines() -> None:
    async def play(source: Source) -> list[dict[str, Any]]:
        reader = Reader()
        serving = asyncio.create_task(serve(source.lines(), source.closed.set, reader))
        await asyncio.to_thread(eventually, lambda: reader.got)
        reader.may_read.clear()
        before = source.made
        await asyncio.to_thread(eventually, lambda: source.made > before + 20)
        read = len(reader.got)
        reader.may_read.set()
        await asyncio.to_thread(eventually, lambda: len(reader.got) > read + 2)
        reader.leaves.set()
        await serving
        return reader.got[read:]

    got = run(play(Source()))
    assert got[2]["number"] - got[0]["number"] > 15, "what came in between is left out"


def test_stopping_server_waits_for_no_reader() -> None:
    source = Source()
    run(serve(source.lines(), source.closed.set, Reader(), stopping=lambda: source.made > 3))
    assert source.closed.is_set()


def test_work_that_fails_ends_the_answer() -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield {"number": 1}
        raise RuntimeError("of its own")

    reader = Reader()
    run(serve(broken(), lambda: None, reader))
    assert reader.got == [{"number": 1}] and reader.ended
