"""A real service in this process: the application with real models, behind the real server, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.core.accounts.users import User
from app.core.types import Role
from app.process.listening import bound
from app.process.serving import watched
from app.settings import read_settings
from app.web.app import create_app
from app.wiring import System, open_system
from app.wiring.watching import supervisor
from tests.waiting import eventually

PASSWORD = "a river runs uphill"
START_S = 30
_users = count(1)


@dataclass(frozen=True)
class Service:
    """url: without a slash at its end. System: its own, so a test can look behind the pages."""

    url: str
    system: System
    app: FastAPI

    @classmethod
    @contextmanager
    def running(cls, data: Path, *, watches: bool = False, **settings: Any) -> Iterator["Service"]:
        """watches: it also watches its cameras and drives its gates."""
        system = open_system(
            read_settings(data, **{"precision": "f32", "workers": 2, "replayed_picture": "alert", **settings})
        )
        with bound("127.0.0.1", 0).socket as listening:
            port = listening.getsockname()[1]
            watching = supervisor(system) if watches else None
            app = create_app(system, watching)
            config = uvicorn.Config(
                app, log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=2
            )
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="console")
            thread.start()
            try:
                eventually(lambda: server.started or not thread.is_alive(), "the start", seconds=START_S)
                assert server.started
                system.imports.start()
                with watched(system, watching):
                    yield cls(f"http://127.0.0.1:{port}", system, app)
            finally:
                server.should_exit = True
                thread.join(START_S)
                system.imports.close()
                system.close()

    def user(self, *roles: str, name: str | None = None, password: str | None = None) -> User:
        """Somebody new who can sign in."""
        name = name or f"{'-'.join(roles)} {next(_users)}"
        return self.system.accounts.users.add(name, frozenset(map(Role, roles)), password)

    def session(self, user: User) -> str:
        """The cookie of a browser in which they are signed in."""
        with self.system.store.write() as tx:
            return self.system.accounts.sessions.open(tx, user, "127.0.0.1", "a browser of the tests")

    def key(self, role: str, gate: str | None = None) -> dict[str, str]:
        """Headers with a new key, for calls beside the browser."""
        return {"Authorization": f"Bearer {self.system.keys.create(Role(role), gate)[0]}"}
