"""A site to back up, and empty places to restore it to."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from app.core.access.rules import Zone
from app.core.types import Role
from app.settings import Settings, read_settings
from tests.conftest import Execute
from tests.fakes import person, photo
from tests.process.restoring.restored_sites import NewSite, Site, running, signed_in

_databases = count(1)


@pytest.fixture
def new_site(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewSite]:
    """Settings of a site with a folder and a database of its own, both empty."""
    made: list[str] = []
    execute: Execute | None = None if database == "sqlite" else request.getfixturevalue("administer")

    def settings(name: str, **more: Any) -> Settings:
        if execute is not None:
            made.append(f"restore_{next(_databases)}")
            execute(f"CREATE DATABASE {made[-1]} TEMPLATE template0")
            server = make_url(request.getfixturevalue("postgres"))
            more["database_url"] = server.set(database=made[-1]).render_as_string(False)
        return read_settings(tmp_path / name, **more)

    yield settings
    for name in made:
        assert execute is not None
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def site(new_site: NewSite) -> Iterator[Site]:
    """Ada and Eva are enrolled, each was let in twice, one zone lies in another, and somebody is signed in."""
    with running(new_site("data")) as site:
        site.backbone.gates.add("lobby-1")
        site.people.enrol("E-1", photo(person(0)), photo(person(0), note="another"))
        site.people.enrol("E-2", photo(person(1)))
        for axis in (0, 1, 0, 1):
            assert site.people.sees(axis) == "recognised"
        with site.backbone.store.write() as tx:
            (where,) = tx.rules.all().sites
            # The id of the inner zone sorts first.
            tx.rules.put(Zone("02", "Building", where.id, None), Zone("01", "Laboratory", where.id, "02"))
        user = site.backbone.accounts.users.add("grace", frozenset({Role.ADMIN}))
        signed_in(site, user)
        site.backbone.checkpoints.write()
        yield site
