"""A spaCy component: ``nlp.add_pipe("role_classifier")``. It answers as the command line does.

``doc.cats`` holds the probabilities, ``doc._.role`` the decision, ``doc._.role_result`` the whole
record, and ``doc.spans["responsibilities"]`` the segments that match a documented responsibility.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from spacy.language import Language
from spacy.tokens import Doc, SpanGroup
from spacy.util import minibatch

if TYPE_CHECKING:
    from classifier.pipeline import Classifier

NAME: Final = "role_classifier"
SPANS: Final = "responsibilities"


class RoleComponent:
    """Answers documents with a model of Rolecall; ``evidence`` says whether segments are looked for."""

    def __init__(self, classifier: Classifier, *, evidence: bool = True) -> None:
        self.classifier = classifier
        self.evidence = evidence

    def __call__(self, doc: Doc) -> Doc:
        """Answer one document."""
        return next(iter(self._answered([doc])))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 256) -> Iterator[Doc]:
        """Answer a stream of documents, some at a time, in order."""
        for docs in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]  # spaCy leaves it untyped
            yield from self._answered(list(docs))

    def _answered(self, docs: list[Doc]) -> list[Doc]:
        for doc, result in zip(docs, self.classifier.classify_many([doc.text for doc in docs]), strict=True):
            doc.cats = dict(result.probabilities)
            doc._.role = result.role
            doc._.role_result = result.to_dict()
            if self.evidence:
                self._mark(doc)
        return docs

    def _mark(self, doc: Doc) -> None:
        """Put the segments that match a responsibility into ``doc.spans``, with their strengths as scores."""
        found = []
        strengths = []
        for item in self.classifier.evidence(doc.text):
            span = doc.char_span(item.start, item.end, label=item.responsibility, alignment_mode="expand")
            if span is not None:
                found.append(span)
                strengths.append(item.strength)
        doc.spans[SPANS] = SpanGroup(doc, name=SPANS, spans=found, attrs={"strengths": strengths})


@Language.factory(
    NAME,
    assigns=["doc.cats", "doc._.role", "doc._.role_result", "doc.spans"],
    default_config={"model": None, "evidence": True},
)
def make_component(nlp: Language, name: str, model: str | None, evidence: bool) -> RoleComponent:
    """Make the component; ``model`` names a model of Rolecall, None is the current one."""
    from classifier import load

    for extension in ("role", "role_result"):
        if not Doc.has_extension(extension):
            Doc.set_extension(extension, default=None)
    return RoleComponent(load(model), evidence=evidence)
