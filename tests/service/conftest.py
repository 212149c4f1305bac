"""A real server on a free loopback port, and real databases: SQLite files and a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from classifier.pipeline import Classifier
from service.app import create_app
from service.settings import Settings
from service.store.database import Database
from tests.service.chromium import ARGUMENTS, CHROMIUM

Serve = Callable[[FastAPI], str]


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep all that the service keeps away from the user's own."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run an app under uvicorn in a thread and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=2))
        free.listen(64)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            if time.monotonic() > until or not thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def value(metrics: str, line: str) -> float:
    """Return what a metric counted, 0 where it is not there yet."""
    return next((float(row.rpartition(" ")[2]) for row in metrics.splitlines() if row.startswith(line)), 0.0)


@pytest.fixture(scope="session")
def address(classifier: Classifier, data_folder: Path) -> Iterator[str]:
    """The address of a server with small limits."""
    settings = Settings(max_body=200_000, max_texts=20, max_text=10_000, body_seconds=0.5)
    with serving(create_app(settings, classifier)) as found:
        yield found


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=address, timeout=10) as found:
        yield found


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start further servers, each stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@contextmanager
def watched(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """Open the page at an address; fail when anything is blocked or raised in it."""
    with closing(browser.new_context(base_url=address, **context)) as opened:
        found = opened.new_page()
        wrong: list[str] = []
        found.on("pageerror", lambda error: wrong.append(str(error)))
        found.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        found.goto("/")
        yield found
    assert not wrong


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page of the server with small limits."""
    with watched(browser, address) as found:
        yield found


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty PostgreSQL server of our own, without the name of a database."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_short_folder()))
        if user:
            shutil.chown(folder, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(*command: str) -> None:
            line = [str(programs / command[0]), "-D", f"{folder}/data", *command[1:]]
            subprocess.run(line, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

        run("initdb", "-A", "trust", "-U", "rolecall", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-p {port} -h 127.0.0.1 -k {folder} -F", "start")
        stack.callback(run, "pg_ctl", "-m", "immediate", "stop")
        yield f"postgresql://rolecall@127.0.0.1:{port}"


class RedisServer:
    """A Redis server of our own, which can go away and come back; it keeps nothing."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        line = [self._program, "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(line, cwd=self._folder, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError("the Redis server did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it go away at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server that runs."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(program, tmp_path)
    server.start()
    yield server
    server.stop()


@contextmanager
def _short_folder() -> Iterator[str]:
    """A folder with a name short enough for a socket in it."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    import psycopg

    server = request.getfixturevalue("postgresql")
    name = f"test_{time.monotonic_ns()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with its tables."""
    found = Database(database_url)
    found.upgrade()
    yield found
    found.close()
