from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from classifier.errors import CorpusError
from classifier.records import NAMED_ROLES, RESPONSIBILITIES, ROLES
from classifier.roles import corpus_folder, read_roles
from classifier.training import Corpus, read_corpus
from classifier.training.corpus import describe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of its own: the roles, two examples, no facts."""
    root = tmp_path / "corpus"
    shutil.copytree(corpus_folder() / "roles", root / "roles")
    write(root, {"text": "Keep the pager quiet", "role": "sre", "kind": "ad", "responsibility": "sre-1"})
    return root


def write(root: Path, *rows: object) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (root / "examples").mkdir(exist_ok=True)
    (root / "examples" / "mine.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_shipped_corpus_has_four_roles_with_five_responsibilities(corpus: Corpus) -> None:
    assert tuple(role.id for role in corpus.roles) == NAMED_ROLES
    assert tuple(corpus.statements()) == RESPONSIBILITIES
    assert all(role.title and role.definition.strip() and role.names for role in corpus.roles)
    assert all({*NAMED_ROLES, "none"} - {role.id} == role.neighbours.keys() for role in corpus.roles)


def test_roles_can_be_read_alone(corpus: Corpus) -> None:
    assert read_roles() == corpus.roles


def test_examples_know_their_place(folder: Path) -> None:
    (example,) = read_corpus(folder).examples
    assert example.place == "corpus/examples/mine.jsonl:1"
    assert (example.role, example.kind, example.responsibility) == ("sre", "ad", "sre-1")


def test_the_hash_follows_what_is_read(folder: Path) -> None:
    first = read_corpus(folder).hash
    assert read_corpus(folder).hash == first
    write(folder, {"text": "Keep the pager silent", "role": "sre"})
    assert read_corpus(folder).hash != first


@pytest.mark.parametrize(
    "row, said",
    [
        ({"text": " ", "role": "sre"}, "'text' is empty. Write one or remove the line"),
        ({"role": "sre"}, "'text' is empty"),
        ({"text": "x", "role": "boss"}, "'role' must be one of devops, sre, platform, cloud, none, got 'boss'"),
        ({"text": "x"}, "'role' must be one of"),
        ({"text": "x", "role": "sre", "kind": "poem"}, "'kind' must be one of ad, ticket, task"),
        ({"text": "x", "role": "sre", "responsibility": "cloud-1"}, "'responsibility' of sre must be sre-1 to sre-5"),
        ({"text": "x", "role": "sre", "mood": "y"}, "allowed fields are group, kind, responsibility, role, text"),
        ({"text": 5, "role": "sre"}, "must be an object of texts"),
        ("[1]", "must be an object of texts"),
        ("{", "must be one JSON object a line"),
    ],
)
def test_a_line_that_breaks_the_rules_is_named(folder: Path, row: object, said: str) -> None:
    write(folder, {"text": "fine", "role": "none"}, row)
    with pytest.raises(CorpusError, match=r"^corpus/examples/mine.jsonl:2: ") as caught:
        read_corpus(folder)
    assert said in str(caught.value)


def test_a_folder_that_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is no corpus: it must hold a folder 'roles'"):
        read_corpus(tmp_path)


@pytest.mark.parametrize(
    "text, said",
    [
        (None, "is missing"),
        ("title = ", "is no TOML"),
        ('title = "SRE"', "'responsibilities' must hold 5"),
    ],
)
def test_a_role_that_breaks_the_rules_is_named(folder: Path, text: str | None, said: str) -> None:
    path = folder / "roles" / "sre.toml"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with pytest.raises(CorpusError, match=said) as caught:
        read_corpus(folder)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("table", ["term,sre\n(texts),x\n", "term,sre\n(texts),1\nword,1,2\n", "term,sre\n"])
def test_counts_that_are_none_are_refused(folder: Path, table: str) -> None:
    (folder / "facts").mkdir()
    (folder / "facts" / "terms.csv").write_text(table)
    with pytest.raises(CorpusError, match=r"terms\.csv"):
        read_corpus(folder)


def test_the_variable_names_another_corpus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLECALL_CORPUS", str(folder))
    assert len(read_corpus().examples) == 1


def test_the_description_counts_every_example_once(corpus: Corpus) -> None:
    found = describe(corpus)
    assert sum(sum(kinds.values()) for kinds in found["roles"].values()) == found["examples"] == len(corpus.examples)
    assert list(found["roles"]) == list(ROLES)
    assert list(found["responsibilities"]) == list(RESPONSIBILITIES)
