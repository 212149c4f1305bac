"""The store on SQLite and PostgreSQL: migrations up and down, keys, access, limits."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from classifier import UsageError
from classifier.pipeline import Classifier
from service import access, keys
from service.app import create_app
from service.run import check
from service.settings import UNPROTECTED, Settings
from service.store.database import Database
from service.store.tables import Base
from tests.service.conftest import Serve

SRE = {"text": "Define SLOs and run postmortems."}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_migrations_make_the_tables_that_the_code_knows_and_run_both_ways(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.downgrade("base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.upgrade()
    assert set(inspect(database.engine).get_table_names()) >= set(Base.metadata.tables)


def test_many_may_migrate_at_the_same_time(database_url: str) -> None:
    upgrade_all([database_url] * 5)


def test_one_process_may_migrate_several_databases_at_the_same_time(tmp_path: Path) -> None:
    upgrade_all([f"sqlite:///{tmp_path / str(number) / 'store.db'}" for number in range(5)])


def upgrade_all(urls: list[str]) -> None:
    """Bring databases up to date in threads that begin together; raise what any of them raises."""
    together = threading.Barrier(len(urls))

    def upgrade(url: str) -> None:
        found = Database(url)
        together.wait()
        found.upgrade()
        assert set(inspect(found.engine).get_table_names()) >= set(Base.metadata.tables)
        found.close()

    with ThreadPoolExecutor(len(urls)) as pool:
        list(pool.map(upgrade, urls))


def test_a_new_sqlite_file_is_opened_while_another_writes_to_it(tmp_path: Path) -> None:
    """Before it is in WAL mode, where SQLite itself would not wait."""
    with closing(sqlite3.connect(tmp_path / "store.db", check_same_thread=False)) as other:
        other.execute("CREATE TABLE theirs (a)")
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.commit).start()
        database = Database(f"sqlite:///{tmp_path / 'store.db'}")
        database.upgrade()
        assert "theirs" in inspect(database.engine).get_table_names()
        database.close()


def test_sqlite_waits_for_its_writers(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a' / 'store.db'}")
    database.upgrade()
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    database.close()


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_used_is_one_line(url: str) -> None:
    with pytest.raises(UsageError, match="ROLECALL_DATABASE") as caught:
        Database(url).upgrade()
    assert "\n" not in str(caught.value)


def test_a_key_is_made_listed_and_revoked(database: Database) -> None:
    assert not keys.any_keys(database)
    key, token = keys.create_key(database, "ci", ["jobs", "classify"], days=3)
    assert key.scopes == ("classify", "jobs")
    key_id, secret = keys.split_token(token) or ("", "")
    assert key_id == key.id
    assert len(secret) == 43  # 256 bits
    found = keys.find_key(database, key.id)
    assert found == key
    assert keys.matches(key, secret)
    assert not keys.matches(key, secret[:-1] + ("a" if secret[-1] != "a" else "b"))
    assert secret not in repr(keys.list_keys(database))
    assert keys.revoke_key(database, key.id).live is False
    assert keys.any_keys(database)
    with pytest.raises(UsageError, match="not found"):
        keys.revoke_key(database, "nothing")


@pytest.mark.parametrize(
    "name, scopes, days", [("", ["classify"], 1), ("a", ["root"], 1), ("a", [], 1), ("a", ["jobs"], 0)]
)
def test_a_wrong_key_is_not_made(database: Database, name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(UsageError):
        keys.create_key(database, name, scopes, days=days)
    assert keys.list_keys(database) == []


def test_keys_open_what_their_scope_says(
    serve: Serve, classifier: Classifier, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "KNOWN_SECONDS", 0.0)
    with httpx.Client(base_url=serve(create_app(Settings(database=database_url), classifier))) as client:
        assert client.post("/v1/classify", json=SRE).status_code == 200  # loopback, and no key was ever made
        reader, token = keys.create_key(database, "reader")
        _, admin = keys.create_key(database, "admin", ["admin"])
        refused = client.post("/v1/classify", json=SRE)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert client.post("/v1/classify", json=SRE, headers=bearer(token)).status_code == 200
        for wrong in (token[:-1], token + "x", token.replace("rk_", "rx_"), "rk__", "rk_%00_x", "é"):
            headers = {b"Authorization": f"Bearer {wrong}".encode()}
            assert client.post("/v1/classify", json=SRE, headers=headers).status_code == 401
        for method, path in [("GET", "/metrics"), ("GET", "/v1/jobs"), ("POST", "/v1/models/default/activate")]:
            assert client.request(method, path, headers=bearer(token)).status_code == 403
            assert client.request(method, path, headers=bearer(admin)).status_code not in {401, 403}
        assert client.get("/healthz").status_code == 200
        assert 'name="key"' in client.get("/").text
        assert client.post("/", data=SRE).status_code == 401
        assert client.post("/", data=SRE | {"key": token}).status_code == 200
        assert token not in client.post("/", data=SRE | {"key": token}).text
        keys.revoke_key(database, reader.id)
        assert client.post("/v1/classify", json=SRE, headers=bearer(token)).status_code == 401


def test_the_service_does_not_listen_to_others_without_keys(database: Database, database_url: str) -> None:
    public = Settings(database=database_url, host="0.0.0.0")
    with pytest.raises(UsageError, match="rolecall keys create"):
        check(public)
    check(Settings(database=database_url))
    check(Settings(database=database_url, host="0.0.0.0", unprotected=UNPROTECTED))
    key, _ = keys.create_key(database, "a")
    check(public)
    keys.revoke_key(database, key.id)
    check(public)  # it starts, and opens nothing


def test_limits_of_requests_and_texts(
    serve: Serve, classifier: Classifier, database: Database, database_url: str
) -> None:
    _, one = keys.create_key(database, "one")
    _, two = keys.create_key(database, "two")
    settings = Settings(database=database_url, rate="6/minute", quota="10/day")
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        texts = {"texts": ["a"] * 6}
        assert client.post("/v1/classify", json=texts, headers=bearer(one)).status_code == 200
        used_up = client.post("/v1/classify", json=texts, headers=bearer(one))
        assert used_up.status_code == 429
        assert "10 per 1 day" in used_up.json()["detail"]
        headers = bearer(one) | {"Content-Type": "text/csv"}
        table = client.post("/v1/score", content=b"text\n" + b"a\n" * 20, headers=headers)
        assert table.status_code == 200
        again = client.post("/v1/score", content=b"text\na\n", headers=headers)
        assert again.status_code == 429
        for _ in range(3):
            last = client.post("/v1/classify", json={"texts": []}, headers=bearer(one))
        assert last.status_code == 429
        assert int(last.headers["retry-after"]) >= 1
        assert client.post("/v1/classify", json=SRE, headers=bearer(two)).status_code == 200


@pytest.mark.parametrize("name, value", [("rate", "fast"), ("quota", "-1/day"), ("limits_storage", "nothing://")])
def test_a_wrong_limit_is_one_line(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"ROLECALL_{name.upper()}"):
        create_app(Settings.model_validate({name: value}))
