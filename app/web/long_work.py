"""Long work that an admin starts on a page and watches: a backup, the verification of the log, a move to a pack."""

from collections.abc import Iterator, Sequence

from fastapi import Request

from app.core.errors import CryptoFault
from app.services.site.background import Background, Progress, Work
from app.web.turns import resting
from app.wiring import System, reembed


class LongWork:
    """One piece of each kind at a time in this process."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.backup = Background("backup", system.clock)
        self.verification = Background("verification", system.clock)
        self.move = Background("move", system.clock)

    def back_up(self, passphrase: str | None) -> Work:
        """Into the site's folder. Raises Conflict while one runs."""

        def work(progress: Progress) -> str:
            made = self._system.backups.make_in_folder(passphrase, progress, resting())
            return f"Written, opened again and whole: {made.place.rpartition('/')[2]}"

        return self.backup.start(work)

    def verify(self) -> Work:
        """Raises Conflict while one runs."""

        def work(progress: Progress) -> str:
            with self._system.store.read() as tx:
                total = sum(head.sequence for head in tx.events.heads())
            rest, done = resting(), 0

            def event() -> None:
                nonlocal done
                done += 1
                if done % 100 == 0:
                    progress(min(done, total), total)
                rest()

            report = self._system.checkpoints.verify(rest=event)
            progress(total, total)
            if report.flaw is None:
                return f"The log is intact: {total} events at {len(report.gates)} gates."
            flaw = report.flaw
            raise CryptoFault(f"The log was altered: gate {flaw.gate}, record {flaw.sequence}: {flaw.problem}")

        return self.verification.start(work)

    def move_to(self, pack: str | None, *, leave_out: bool) -> Work:
        """Moves all templates to a pack; None: to the present one. Raises Conflict while one runs."""

        def work(progress: Progress) -> str:
            def shown(people: Sequence[str]) -> Iterator[str]:
                for done, person in enumerate(people):
                    progress(done, len(people))
                    yield person
                progress(len(people), len(people))

            moved = reembed(self._system.settings, shown, pack, leave_out=leave_out)
            left_out = (
                f" Left out until they have better photos: {', '.join(moved.left_out)}." if moved.left_out else ""
            )
            return f"Switched to {moved.templates} new templates. The service restarts by itself.{left_out}"

        return self.move.start(work)


def long_work(request: Request) -> LongWork:
    """The work of this process."""
    found: LongWork = request.app.state.long_work
    return found
