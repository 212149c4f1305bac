"""The model that answers: held in one place, changed between two requests and never during one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool

from classifier import ArtefactError, RolecallError, artefact, load, policies
from classifier.explain import Explanation
from classifier.pipeline import Classifier
from classifier.records import Result
from service.problems import Problem, refuse

INLINE: Final = 16_384
"""Characters that are scored at once, in well under a millisecond; more goes to a thread."""

POLL: Final = 1.0
"""Seconds after which a process sees that another has switched models."""

log = logging.getLogger("rolecall.engine")


class Engine:
    """Answers texts with the model of the hour."""

    def __init__(
        self, model: str | None = None, classifier: Classifier | None = None, *, policy: str | None = None
    ) -> None:
        """Answer with the model of this name, or with one that is given and never changes.

        ``policy`` names the one to decide by where a request names none; without it the model's own.
        """
        self._model, self._policy = model, policy
        self._classifier = classifier
        self._fixed = classifier is not None or model is not None
        self._seen: tuple[int, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a model is there."""
        return self._classifier is not None

    @property
    def classifier(self) -> Classifier:
        """The model that answers now; raises Problem 503 before there is one."""
        if self._classifier is None:
            raise Problem(503, "the model is being loaded; ask again in a second", headers={"Retry-After": "1"})
        return self._classifier

    def open(self) -> None:
        """Load the model, training the default one where there is none, and answer once to warm up."""
        if self._classifier is None:
            self._classifier = load(self._model, policy=self._policy)
        elif self._policy is not None:
            self._classifier = self.deciding(self._policy)
        self._classifier.classify("warm up", title="warm up")
        self._seen = _stamp()

    def deciding(self, policy: str | None) -> Classifier:
        """Return what answers, deciding by a policy of this name where one is given.

        Raises Problem 422 where the model has none of that name, 503 where it cannot be used.
        """
        classifier = self.classifier
        if policy is None:
            return classifier
        known = policies.names(classifier.info.name)
        if policy not in known:
            allowed = f"one of {', '.join(known)}" if known else "left out: the model has no policies"
            raise refuse(422, "policy", allowed, repr(policy[:64]))
        try:
            return replace(classifier, policy=policies.load(classifier.info, policy))
        except ArtefactError as error:
            log.error("a policy cannot be used: %s", error)
            raise Problem(503, f"policy {policy}: is damaged or of another model; tune it again") from None

    async def answer(
        self, texts: Sequence[str], titles: Sequence[str | None], *, policy: str | None = None
    ) -> tuple[list[Result], str]:
        """Answer texts, in order, and say which model did; large requests leave the others running."""
        classifier = self.deciding(policy)
        if sum(map(len, texts)) <= INLINE and len(texts) <= INLINE // 256:
            return _answer(classifier, texts, titles), classifier.info.id
        return await run_in_threadpool(_answer, classifier, texts, titles), classifier.info.id

    async def explain(
        self, texts: Sequence[str], titles: Sequence[str | None], *, policy: str | None = None
    ) -> tuple[list[Explanation], Classifier]:
        """Answer texts, in order, and say why and what answered; others are answered meanwhile."""
        classifier = self.deciding(policy)
        return await run_in_threadpool(_explain, classifier, texts, titles), classifier

    async def warm(self) -> None:
        """Explain something, so that the first who asks does not wait for the list of tools to be read."""
        await run_in_threadpool(self.classifier.explain, "warm up")

    def activate(self, name: str) -> None:
        """Answer with another model from the next request on, here and in the other processes."""
        if self._fixed:
            raise Problem(409, "the service was started with one model and answers with no other")
        classifier = load(name, policy=self._policy)
        classifier.classify("warm up", title="warm up")
        artefact.switch(name)
        self._classifier, self._seen = classifier, _stamp()

    async def follow(self) -> None:
        """Go on looking whether the model on disk was switched or trained anew, and change to it."""
        while not self._fixed:
            await asyncio.sleep(POLL)
            if _stamp() == self._seen:
                continue
            try:
                await run_in_threadpool(self._catch_up)
            except (RolecallError, OSError) as error:
                log.error("cannot change the model, going on with the old one: %s", error)

    def _catch_up(self) -> None:
        seen = _stamp()
        classifier = load(policy=self._policy)
        if (classifier.info.id, classifier.policy) != (self.classifier.info.id, self.classifier.policy):
            classifier.classify("warm up", title="warm up")
            self._classifier = classifier
            log.info("answering with model %s (%s)", classifier.info.name, classifier.info.id)
        self._seen = seen


def _stamp() -> tuple[int, ...]:
    """Return what changes when a model is switched, trained or tuned anew; it costs three looks at the disk."""
    folder, current = artefact.models_folder(), artefact.current()
    places = (artefact.CURRENT, f"{current}/manifest.json", f"{current}/{policies.FOLDER}")
    return tuple(_changed(folder / place) for place in places)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _answer(classifier: Classifier, texts: Sequence[str], titles: Sequence[str | None]) -> list[Result]:
    if not any(title is not None for title in titles):
        return classifier.classify_many(texts)
    return classifier.classify_many(texts, titles=[title or "" for title in titles])


def _explain(classifier: Classifier, texts: Sequence[str], titles: Sequence[str | None]) -> list[Explanation]:
    return [classifier.explain(text, title=title) for text, title in zip(texts, titles, strict=True)]
