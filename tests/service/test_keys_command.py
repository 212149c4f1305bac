"""``rolecall keys``: made once, listed, revoked."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.cli.app import main
from service import keys
from service.settings import read_settings


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLECALL_DATA", str(tmp_path / "data"))


def test_a_key_lives_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == 0
    assert "no keys" in capsys.readouterr().out
    assert main(["keys", "create", "ci", "--scope", "jobs", "--scope", "classify", "--days", "7"]) == 0
    token = capsys.readouterr().out.strip()
    key_id, secret = keys.split_token(token) or ("", "")
    database = keys.open_database(read_settings())
    key = keys.find_key(database, key_id)
    database.close()
    assert key is not None
    assert keys.matches(key, secret)
    assert main(["keys", "list"]) == 0
    shown = capsys.readouterr().out
    assert f"{key_id}  live" in shown
    assert secret not in shown
    assert main(["keys", "revoke", key_id]) == 0
    assert main(["keys", "list"]) == 0
    assert "revoked" in capsys.readouterr().out


WRONG = [["create", "a", "--scope", "root"], ["revoke", "nothing"], ["create", "a" * 101]]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_use_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
