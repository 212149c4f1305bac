"""The documents: commands and options exist, all are documented, and what is shown runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from classifier.cli.app import app, main

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "corpus" / "README.md"])
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
CLI: Final = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with its path."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


COMMANDS: Final = dict(commands(typer.main.get_command(app)))


def options(path: tuple[str, ...]) -> set[str]:
    found = {
        option
        for parameter in COMMANDS[path].params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("-")
    }
    return found - {"--help"}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def section(path: tuple[str, ...]) -> str:
    """Return the part of docs/cli.md under a command's heading, or under that of the command it belongs to."""
    parts = re.split(r"^#{2,3} (rolecall [a-z ]+)\n", CLI, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    name = " ".join(("rolecall", *path))
    return sections.get(name) or sections[" ".join(("rolecall", *path[:-1]))]


def shown() -> list[tuple[str, str]]:
    """Return every rolecall command that a document shows, with the document's name."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in [*blocks(text, "sh"), *blocks(text, "console")]:
            for match in re.finditer(r"(?:^|\$ |&& |\.venv/bin/)rolecall ([^\n#|&]*)", block, re.MULTILINE):
                found.append((document.name, match[1].strip()))
    return found


def parsed(line: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the path of a command and the options it is given."""
    words = shlex.split(line.replace("\\", " "))
    size = 2 if tuple(words[:2]) in COMMANDS else 1
    return tuple(words[:size]), [word.partition("=")[0] for word in words[size:] if re.match(r"--?[a-z]", word)]


@pytest.mark.parametrize("document, line", shown())
def test_every_command_that_is_shown_exists_with_its_options(document: str, line: str) -> None:
    if line.startswith("--"):
        assert line in {"--help", "--version"}, document
        return
    path, given = parsed(line)
    assert path in COMMANDS, document
    assert set(given) <= options(path), document


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_is_documented(path: tuple[str, ...]) -> None:
    assert COMMANDS[path].help
    assert f"rolecall {' '.join(path)}" in CLI
    for parameter in COMMANDS[path].params:
        assert parameter.name == "help" or parameter.help, f"{path}: {parameter.name} has no help"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_documented_with_its_command(path: tuple[str, ...]) -> None:
    documented = set(re.findall(r"`(--?[a-z][a-z-]*)", section(path)))
    assert options(path) <= documented, f"docs/cli.md lacks {options(path) - documented}"


def test_no_option_is_documented_that_does_not_exist() -> None:
    known = {option for path in COMMANDS for option in options(path)} | {"--help", "--version"}
    assert set(re.findall(r"`(--[a-z][a-z-]*)", CLI)) <= known


def test_the_readme_shows_code_by_line_20_and_two_commands_of_one_line() -> None:
    lines = README.splitlines()
    assert next(number for number, line in enumerate(lines, 1) if line.startswith("```")) <= 20
    found = [line for block in blocks(README, "sh") for line in block.splitlines()]
    assert len(found) == 2
    first, second = found
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert "examples/ads.csv" in first
    assert second.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert second.endswith(".venv/bin/python -m pytest")
    assert "shared" not in README


RUN: Final = [
    line
    for name, line in shown()
    if name == "cli.md" or (name == "README.md" and "examples/" in line)
    if not line.startswith(("serve", "keys", "--"))
]


@pytest.mark.usefixtures("model_folder", "untrained")
@pytest.mark.parametrize("line", RUN)
def test_what_is_shown_runs(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    code = main(shlex.split(line))
    said = capsys.readouterr()
    assert code == 0 or line.startswith("corpus check"), said.err
    assert said.out


def test_there_are_commands_to_run() -> None:
    assert len(RUN) >= 10


@pytest.mark.usefixtures("model_folder")
@pytest.mark.parametrize("code", blocks(README, "python"))
def test_the_readmes_python_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"`((?:classifier|service|corpus|docs|tests|examples)/[\w./-]+)`", text):
        assert (ROOT / target.rstrip("/")).exists(), target


def test_every_answer_column_is_documented(classifier_columns: Callable[[], list[str]]) -> None:
    for name in classifier_columns():
        assert f"`{name}`" in CLI


@pytest.fixture
def classifier_columns(request: pytest.FixtureRequest) -> Callable[[], list[str]]:
    """The columns of an answer, with titles."""
    from classifier.model import Texts

    answerer = request.getfixturevalue("classifier")
    texts = Texts.of(["x"])
    return lambda: [*answerer.answer(texts, texts).columns(), "error"]


def test_what_is_worked_out_for_many_rows_follows_from_what_was_measured() -> None:
    text = " ".join((ROOT / "docs" / "scale.md").read_text(encoding="utf-8").replace(",", "").split())

    def found(pattern: str) -> list[float]:
        match = re.search(pattern, text)
        assert match, pattern
        return [float(number) for number in match.groups()]

    rows, seconds = found(r"(\d+) ads of 4.34 kB took ([\d.]+) s")
    wanted, whole, minutes = found(r"for (\d+) ads of 4.4 kB .* a hundred times \| (\d+) s: (\d+) minutes")
    assert whole == pytest.approx(wanted / rows * seconds)
    assert minutes == round(whole / 60)
    scored, took, start = found(r"(\d+) ads of 4.33 kB.* in ([\d.]+) s of which about (\d) are the workers' start")
    rate, cores, working, estimate = found(
        r"on two cores: (\d+) ads a second and core.*100000000 / \((\d+) x \d+\) = (\d+) s and 5 s .*: ([\d.]+) minutes"
    )
    assert rate == pytest.approx(scored / (took - start) / 2, rel=0.001)
    assert working == pytest.approx(wanted / cores / rate, abs=1)
    assert estimate == pytest.approx((working + start) / 60, abs=0.05)
