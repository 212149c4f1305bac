from __future__ import annotations

import pytest

from classifier.cli import serve
from classifier.errors import UsageError
from tests.cli.conftest import Run


def test_a_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "NEEDED", ("uvicorn", "no_such_module"))
    done = run("serve")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "rolecall: serve: needs the extra 'service', got no module 'no_such_module'. "
        "Install it: pip install 'rolecall[service]'\n"
    )


def test_what_is_there_is_not_missed() -> None:
    serve.check_extra(("json",))
    with pytest.raises(UsageError, match="got no module 'nowhere'"):
        serve.check_extra(("json", "nowhere"))


def test_a_port_that_is_none_is_one_line_and_exit_2(run: Run) -> None:
    done = run("serve", "--port", 99999)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "--port" in done.err
