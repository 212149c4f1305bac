"""Read the corpus: roles, written examples and counted facts, checked line by line."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier.errors import CorpusError
from classifier.records import RESPONSIBILITIES, ROLES, Role
from classifier.roles import corpus_folder, read_roles

KINDS: Final = ("ad", "ticket", "task", "naming", "mention", "title", "statement")
"""What an example is: a piece of an ad, a ticket, a task; or, of an ad, the sentence that names
its own job, a sentence that mentions another role, and the title alone; a documented
responsibility, restated."""

FIELDS: Final = {"text", "role", "kind", "responsibility", "group"}


@dataclass(frozen=True, slots=True)
class Example:
    """One written text and what it is.

    ``group`` tells texts of ``none`` apart: ``near:backend``, ``far:nurse``, ``ticket:app``,
    ``boilerplate:benefits``, ``other``; it is empty for the four roles. For a mention,
    ``role`` is the role that is mentioned.
    """

    text: str
    role: str
    kind: str
    responsibility: str = ""
    group: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """How many of the counted texts of each class hold a term of one to three words."""

    text: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Counted on real texts: single terms and surroundings of role names, never sentences.

    ``texts`` holds how many texts of each class were counted, in the order of the counts.
    """

    classes: tuple[str, ...] = ()
    texts: tuple[int, ...] = ()
    terms: tuple[Term, ...] = ()
    cue_texts: tuple[Term, ...] = ()
    cues: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that a model is trained on.

    ``modifiers`` are words that may stand between an article and a role's name ("a senior
    remote ..."); ``jobs`` are names of jobs that are none of the four roles.
    """

    roles: tuple[Role, ...]
    examples: tuple[Example, ...]
    facts: Facts
    modifiers: frozenset[str]
    jobs: tuple[str, ...]
    hash: str

    def statements(self) -> dict[str, str]:
        """Return the documented responsibilities by id, in our own words."""
        return {
            f"{role.id}-{number}": text for role in self.roles for number, text in enumerate(role.responsibilities, 1)
        }


def read_corpus(folder: Path | None = None) -> Corpus:
    """Read a corpus folder; raise CorpusError with file and line where it breaks the rules."""
    root = folder or corpus_folder()
    if not (root / "roles").is_dir():
        raise CorpusError(f"{root}: is no corpus: it must hold a folder 'roles'. Name one with --corpus DIR")
    roles = read_roles(root)
    files = sorted(path for path in root.rglob("*.jsonl") if path.is_file())
    examples = tuple(example for path in files for example in read_examples(path, root))
    modifiers = frozenset(_read_lines(root / "naming" / "modifiers.txt"))
    jobs = _read_lines(root / "naming" / "jobs.txt")
    return Corpus(roles, examples, _read_facts(root / "facts"), modifiers, jobs, _hash(root))


def _read_lines(path: Path) -> tuple[str, ...]:
    """Read a list of words or names, one a line; a missing file is an empty list."""
    return tuple(path.read_text(encoding="utf-8").split("\n")[:-1]) if path.is_file() else ()


def read_examples(path: Path, root: Path) -> Iterator[Example]:
    """Yield the examples of one JSONL file."""
    place = path.relative_to(root).as_posix()
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            yield _example(line, f"{place}:{number}")


def _example(line: str, place: str) -> Example:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CorpusError(f"corpus/{place}: must be one JSON object a line, got {line[:40]!r} ({error})") from None
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        raise CorpusError(f"corpus/{place}: must be an object of texts, got {line[:60]!r}")
    if surplus := row.keys() - FIELDS:
        raise CorpusError(f"corpus/{place}: allowed fields are {', '.join(sorted(FIELDS))}, got {sorted(surplus)[0]!r}")
    return labelled(row, f"corpus/{place}")


def labelled(row: dict[str, str], place: str) -> Example:
    """Return a row as an example; raise CorpusError where text or label cannot be used."""
    text, role, kind = row.get("text", ""), row.get("role", ""), row.get("kind", "ad")
    responsibility = row.get("responsibility", "")
    if not text.strip():
        raise CorpusError(f"{place}: 'text' is empty. Write one or remove the line")
    if role not in ROLES:
        raise CorpusError(f"{place}: 'role' must be one of {', '.join(ROLES)}, got {role!r}. Correct it")
    if kind not in KINDS:
        raise CorpusError(f"{place}: 'kind' must be one of {', '.join(KINDS)}, got {kind!r}. Correct it")
    if responsibility and (responsibility not in RESPONSIBILITIES or not responsibility.startswith(f"{role}-")):
        raise CorpusError(f"{place}: 'responsibility' of {role} must be {role}-1 to {role}-5, got {responsibility!r}")
    return Example(text, role, kind, responsibility, row.get("group", ""), place)


def _read_facts(folder: Path) -> Facts:
    classes, texts, terms = _read_counts(folder / "terms.csv")
    _, cue_texts, cues = _read_counts(folder / "naming.csv")
    return Facts(classes, texts[0].counts if texts else (), terms, cue_texts, cues)


def _read_counts(path: Path) -> tuple[tuple[str, ...], tuple[Term, ...], tuple[Term, ...]]:
    """Read a table of counts; rows in brackets tell how many texts were counted."""
    if not path.is_file():
        return (), (), ()
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    try:
        counted = [Term(row[0], tuple(int(cell) for cell in row[1:])) for row in rows]
    except ValueError as error:
        raise CorpusError(f"{path}: counts must be whole numbers ({error})") from None
    if not counted or any(len(term.counts) != len(header) - 1 for term in counted):
        raise CorpusError(f"{path}: every row must hold a term and {len(header) - 1} counts")
    texts = tuple(term for term in counted if term.text.startswith("("))
    return tuple(header[1:]), texts, tuple(counted[len(texts) :])


def _hash(root: Path) -> str:
    """Return one hash over the names and bytes of every corpus file that training reads."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in {".jsonl", ".toml", ".csv", ".txt"}:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def describe(corpus: Corpus) -> dict[str, Any]:
    """Return counts of a corpus: by role and kind, by group of ``none``, by responsibility."""
    roles: dict[str, dict[str, int]] = {}
    groups: dict[str, int] = {}
    responsibilities = dict.fromkeys(RESPONSIBILITIES, 0)
    for example in corpus.examples:
        kinds = roles.setdefault(example.role, dict.fromkeys(KINDS, 0))
        kinds[example.kind] += 1
        if example.group:
            group = example.group.split(":")[0]
            groups[group] = groups.get(group, 0) + 1
        if example.responsibility:
            responsibilities[example.responsibility] += 1
    return {
        "examples": len(corpus.examples),
        "roles": {role: roles.get(role, {}) for role in ROLES},
        "none_groups": dict(sorted(groups.items())),
        "responsibilities": responsibilities,
        "facts": {"terms": len(corpus.facts.terms), "cues": len(corpus.facts.cues)},
        "hash": corpus.hash,
    }
