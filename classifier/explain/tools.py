"""Tools that a text names: a spaCy entity ruler over ``corpus/tools.toml``. The only door to spaCy when explaining.

The list belongs to the corpus and not to the model: which words name a tool doesn't depend on who
answers. A name that is an everyday word as well counts only in its own case and only beside another
tool, or beside a word that gives it away.
"""

from __future__ import annotations

import re
import threading
import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from classifier.errors import CorpusError
from classifier.explain.findings import Span, Tool
from classifier.normalise import blank_markup
from classifier.roles import corpus_folder

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Span as Entity

FILE: Final = "tools.toml"

NEAR: Final = 4
"""Tokens between a doubtful name and what vouches for it, at most."""

CLUES: Final = frozenset(
    "tool tools tooling toolchain technologies stack language languages programming scripting coding script scripts "
    "framework frameworks written cookbooks playbooks recipes".split()
)
"""Words that vouch for a doubtful name beside them."""

_LOCK: Final = threading.Lock()
"""spaCy's vocabulary is lent to one text at a time."""

_OTHER: Final = re.compile(r"[^\w\s+#./'&-]+|[+#./'&-]{4,}|\S{200,}")
"""What stands in no tool's name: spaCy takes such runs apart mark by mark, in a time that grows with their square."""


def tools(text: str, pieces: Sequence[Span] = ()) -> tuple[Tool, ...]:
    """Return the tools that a text names, in the order of the text; ``pieces`` are its segments.

    Raises CorpusError where the list cannot be read.
    """
    ruler = _ruler(_place())
    plain = _OTHER.sub(lambda run: ",".ljust(len(run[0])), blank_markup(text).replace("\u2019", "'"))
    starts = [piece.start for piece in pieces]
    with _LOCK, ruler.nlp.memory_zone():
        doc = ruler.nlp(plain)
        return tuple(
            Tool(form.tool, form.family, entity.start_char, entity.end_char)
            for entity, form in _vouched(doc, ruler.forms, starts)
        )


def read_tools(path: Path | None = None) -> dict[str, dict[str, list[str]]]:
    """Read the list: by family, each tool with the forms in which texts write it."""
    place = path or _place()
    try:
        families = tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CorpusError(f"{place}: is missing. Every corpus needs its list of tools") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(f"{place}: is no TOML ({error})") from None
    for family, members in families.items():
        for tool, forms in members.items() if isinstance(members, dict) else [("", None)]:
            if not isinstance(forms, list) or not all(isinstance(form, str) and form.strip("=?") for form in forms):
                raise CorpusError(f"{place}: [{family}] {tool!r}: must be a list of forms, got {forms!r}")
    return families


def _place() -> Path:
    """Return the list of the corpus in use; where that has none, the shipped one."""
    chosen = corpus_folder() / FILE
    return chosen if chosen.is_file() else corpus_folder(shipped=True) / FILE


@dataclass(frozen=True, slots=True)
class Form:
    """How a tool may be written: ``spelling`` is None where any case will do; a doubtful form needs company."""

    tool: str
    family: str
    spelling: str | None
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Ruler:
    """spaCy's blank English with an entity ruler, and what each of its patterns, in lower case, may stand for."""

    nlp: Language
    forms: dict[str, list[Form]]


@cache
def _ruler(place: Path) -> Ruler:
    """Return the ruler for a list; made once, in a third of a second."""
    import spacy
    from spacy.attrs import LOWER, NORM  # type: ignore[import-not-found]  # compiled, without a stub

    nlp: Any = spacy.blank("en")
    nlp.max_length = 1 << 31
    nlp.tokenizer.url_match = None
    getters = nlp.vocab.lex_attr_getters
    nlp.vocab.lex_attr_getters = {LOWER: getters[LOWER], NORM: getters[NORM]}  # nothing else is asked of new words
    forms: dict[str, list[Form]] = defaultdict(list)
    for family, members in read_tools(place).items():
        for tool, written in members.items():
            for form in written or [tool.lower()]:
                text = form.removeprefix("=").removesuffix("?")
                forms[text.lower()].append(
                    Form(tool, family, text if form.startswith("=") else None, form.endswith("?"))
                )
    ruler: Any = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": "tool", "pattern": text} for text in forms])
    return Ruler(nlp, dict(forms))


def _vouched(doc: Doc, forms: dict[str, list[Form]], starts: Sequence[int]) -> list[tuple[Entity, Form]]:
    """Return the entities that are tools: the certain ones, and the doubtful ones that something vouches for."""
    spelled = [(entity, form) for entity in doc.ents if (form := _spelled(entity, forms)) is not None]
    sure = {entity.start for entity, form in spelled if not form.doubtful}
    doubtful = [entity for entity, form in spelled if form.doubtful]
    before = -1
    while before < len(sure):  # a tool that is vouched for vouches for the next: 'Puppet, Chef or Salt'
        before = len(sure)
        places = {token for entity, _ in spelled if entity.start in sure for token in range(entity.start, entity.end)}
        sure |= {entity.start for entity in doubtful if _beside(doc, entity, places, starts)}
    return [(entity, form) for entity, form in spelled if entity.start in sure]


def _spelled(entity: Entity, forms: dict[str, list[Form]]) -> Form | None:
    """Return the form that an entity is written in, a certain one rather than a doubtful one."""
    text = entity.text
    fitting = [form for form in forms.get(text.lower(), ()) if form.spelling in {None, text}]
    return min(fitting, key=lambda form: form.doubtful, default=None)


def _beside(doc: Doc, entity: Entity, places: set[int], starts: Sequence[int]) -> bool:
    """Whether a tool or a clue stands near an entity, in the same segment."""
    segment = bisect_right(starts, entity.start_char)
    for place in range(max(0, entity.start - NEAR), min(len(doc), entity.end + NEAR)):
        if entity.start <= place < entity.end:
            continue
        if (place in places or doc[place].lower_ in CLUES) and bisect_right(starts, doc[place].idx) == segment:
            return True
    return False
