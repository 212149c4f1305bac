"""The only composition: texts to scores to decisions. One text is a batch of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from classifier.decide import DECISIONS, Decisions, decide
from classifier.language import is_english
from classifier.model import Model, Scores, Texts
from classifier.records import PROBABILITY_COLUMNS, REASONS, ROLES, ModelInfo, Policy, Result

if TYPE_CHECKING:
    import pyarrow as pa

    from classifier.explain import Contrast, Evidence, Explanation

Frame = TypeVar("Frame")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers for n texts, column by column."""

    scores: Scores
    decisions: Decisions
    model: str

    def result(self, row: int) -> Result:
        """Return one answer as a record."""
        decisions = self.decisions
        probabilities = self.scores.probabilities[row].tolist()
        conflict = self.scores.title_conflict
        return Result(
            role=DECISIONS[decisions.role[row]],
            best=ROLES[decisions.best[row]],
            runner_up=ROLES[decisions.runner_up[row]],
            confidence=float(decisions.confidence[row]),
            probabilities=dict(zip(ROLES, probabilities, strict=True)),
            reason=REASONS[decisions.reason[row]],
            model=self.model,
            title_conflict=None if conflict is None else bool(conflict[row]),
        )

    def columns(self) -> dict[str, pa.Array]:
        """Return our columns as Arrow arrays of n rows, in the order of the contract."""
        import pyarrow as pa

        decisions, n = self.decisions, len(self.decisions.role)
        columns: dict[str, pa.Array] = {
            "role": _names(decisions.role, DECISIONS),
            "best": _names(decisions.best, ROLES),
            "runner_up": _names(decisions.runner_up, ROLES),
            "confidence": pa.array(decisions.confidence),
        }
        for index, name in enumerate(PROBABILITY_COLUMNS):
            columns[name] = pa.array(np.ascontiguousarray(self.scores.probabilities[:, index]))
        columns["reason"] = _names(decisions.reason, REASONS)
        if self.scores.title_conflict is not None:
            columns["title_conflict"] = pa.array(self.scores.title_conflict)
        columns["model"] = pa.repeat(self.model, n)
        return columns


def _names(codes: Any, names: Sequence[str]) -> pa.Array:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names)).cast(pa.string())


@dataclass(frozen=True, slots=True)
class Classifier:
    """A model and a policy, ready to answer. Made by :func:`classifier.load`."""

    model: Model
    info: ModelInfo
    policy: Policy

    def answer(self, texts: Texts, titles: Texts | None = None) -> Answers:
        """Answer n texts: the one way through the code. Safe to call from many threads."""
        scores = self.model.score(texts, titles)

        def english(row: int) -> bool:
            text = texts.text(row)
            return is_english(f"{titles.text(row)}\n{text}" if titles is not None else text)

        decisions = decide(scores.probabilities, scores.stats, self.policy, english)
        return Answers(scores, decisions, self.model.id)

    def classify(self, text: str, *, title: str | None = None) -> Result:
        """Answer one text, with its title where there is one.

        >>> from classifier import load
        >>> load().classify("Define SLOs and run blameless postmortems.").role
        'sre'
        """
        return self.classify_many([text], titles=None if title is None else [title])[0]

    def classify_many(self, texts: Sequence[str], *, titles: Sequence[str] | None = None) -> list[Result]:
        """Answer many texts, in order; ``titles``, where given, is as long as ``texts``."""
        columns = None if titles is None else Texts.of(list(titles))
        answers = self.answer(Texts.of(list(texts)), columns)
        return [answers.result(row) for row in range(len(texts))]

    def explain(self, text: str, *, title: str | None = None) -> Explanation:
        """Answer one text and say why: segments that match a documented responsibility, terms, tools, names.

        Offsets count characters of ``text`` as it is given, markup and all.

        >>> from classifier import load
        >>> load().explain("Define SLOs and run blameless postmortems.").result.role
        'sre'
        """
        from classifier.explain import explained

        result = self.classify(text, title=title)
        return explained(self.model, result, text, title, statements=self.statements())

    def evidence(self, text: str) -> tuple[Evidence, ...]:
        """Return the segments of a text that match a documented responsibility, in its order."""
        from classifier.explain import evidence_of

        return evidence_of(self.model, text, statements=self.statements())

    def contrast(self, text: str, *, title: str | None = None, role: str, against: str) -> Contrast:
        """Return the difference of the log-odds of two roles for a text, taken apart into words and names."""
        from classifier.explain import contrast_of

        return contrast_of(self.model, text, title, role=role, against=against)

    def statements(self) -> dict[str, str]:
        """Return the documented responsibilities by id, as the corpus of this model says them."""
        if self.info.statements:
            return dict(self.info.statements)
        from classifier.roles import read_roles

        return {
            f"{role.id}-{number}": text for role in read_roles() for number, text in enumerate(role.responsibilities, 1)
        }

    def answer_columns(self, texts: pa.Array, titles: pa.Array | None = None) -> dict[str, pa.Array]:
        """Answer a column of Arrow strings, which is not copied; return our columns, in order."""
        from classifier.frames import texts_of

        return self.answer(texts_of(texts), None if titles is None else texts_of(titles)).columns()

    def explain_columns(self, texts: pa.Array, titles: pa.Array | None = None) -> dict[str, pa.Array]:
        """Answer a column and add ``responsibilities``: those found in each text, strongest first."""
        import pyarrow as pa

        from classifier.explain import responsibilities
        from classifier.frames import texts_of

        columns = self.answer_columns(texts, titles)
        found = pa.array([" ".join(ids) for ids in responsibilities(self.model, texts_of(texts))], pa.string())
        model = columns.pop("model")
        return columns | {"responsibilities": found, "model": model}

    def score(self, table: Frame, *, text: str | None = None, title: str | None = None) -> Frame:
        """Return a table with our columns added, of the same kind: pyarrow, pandas or polars.

        ``table`` is a pyarrow Table, RecordBatch or RecordBatchReader (read as the result is
        read), or a data frame; ``text`` and ``title`` name its columns. Without ``text`` the
        column is known by its name (``description``, ``text``, ...). Columns of the table that
        are named like ours get the suffix ``_input``. Raises :class:`UsageError` for anything else.
        """
        from classifier.frames import score

        return score(table, self.answer_columns, text=text, title=title)
