"""Which words of one's own texts the corpus has never seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from classifier.normalise import tokens
from classifier.training.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Word:
    """A word that the corpus has never seen: how often it stands in the texts, and in how many of them."""

    word: str
    count: int
    texts: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """How many texts and words of running text were read, and how many of these the corpus has seen.

    ``strange`` is how many texts have more unseen words than seen ones. ``words`` are the unseen
    ones, those of most texts first.
    """

    texts: int
    running: int
    seen: int
    strange: int
    words: tuple[Word, ...]

    @property
    def share(self) -> float:
        """The share of the running words that the corpus has seen; 1 where there are none."""
        return self.seen / self.running if self.running else 1.0


def corpus_words(corpus: Corpus) -> frozenset[str]:
    """Return every word that stands anywhere in a corpus: in examples, statements, facts or names."""
    return frozenset(word for text in _texts(corpus) for word in tokens(text))


def _texts(corpus: Corpus) -> Iterator[str]:
    yield from (example.text for example in corpus.examples)
    yield from corpus.statements().values()
    yield from (term.text for term in corpus.facts.terms)
    yield from (name for role in corpus.roles for name in (role.title, *role.names))
    yield from corpus.modifiers
    yield from corpus.jobs


def unseen_words(corpus: Corpus, texts: Iterable[str]) -> Unseen:
    """Compare texts with a corpus, word by word; bare numbers are no words."""
    known = corpus_words(corpus)
    counts, holders = Counter[str](), Counter[str]()
    read = running = seen = strange = 0
    for text in texts:
        words = [word for word in tokens(text) if not word.isdigit()]
        fresh = [word for word in words if word not in known]
        read += 1
        running += len(words)
        seen += len(words) - len(fresh)
        strange += 2 * len(fresh) > len(words)
        counts.update(fresh)
        holders.update(set(fresh))
    order = sorted(counts, key=lambda word: (-holders[word], -counts[word], word))
    return Unseen(read, running, seen, strange, tuple(Word(word, counts[word], holders[word]) for word in order))
