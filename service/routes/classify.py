"""POST /v1/classify: one text or a list of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from classifier import Result
from service.body import read_json
from service.openapi import KEY, REFUSALS, body_of, query_of
from service.problems import refuse
from service.requests import asked, checked
from service.schemas import Answer, Answers, Asked, Explained, Item, ManyTexts, OneText
from service.state import State, state_of


class Bare(APIRoute):
    """A route whose endpoint takes the request and nothing else: no parameters are looked for, which takes long."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint itself."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


router = APIRouter(tags=["classify"], route_class=Bare)

_DESCRIPTION: Final = "The answer for the one text, or those for the list in its order; with `explain`, and why."


@router.post(
    "/v1/classify",
    summary="Say which role a text belongs to, how sure that is, and why",
    openapi_extra=body_of(OneText, ManyTexts) | query_of(Asked) | KEY,
    responses={200: {"model": Explained | Answer | Answers, "description": _DESCRIPTION}, **REFUSALS},
)
async def classify(request: Request) -> Response:
    """Answer `{"text": ...}` with one record, and `{"texts": [...]}` with one for each, in order.

    `explain` and `policy` may stand in the query or in the body.
    """
    state = state_of(request)
    caller = await state.access.admit(request, "classify")
    query = asked(request)
    wanted, items = checked(await read_json(request, state.settings), state.settings)
    explain = query.explain or wanted.explain
    if explain and len(items) > state.settings.max_explained:
        most = state.settings.max_explained
        raise refuse(422, "texts", f"a list of at most {most} where it is explained", str(len(items)))
    await state.access.count_texts(caller, len(items))
    records, model = await _records(
        state, items, wanted.policy if query.policy is None else query.policy, explain=explain
    )
    record = records[0] if isinstance(wanted, OneText) else {"results": records, "model": model}
    return Response(orjson.dumps(record), media_type="application/json")


async def _records(
    state: State, items: Sequence[Item], policy: str | None, *, explain: bool
) -> tuple[list[dict[str, Any]], str]:
    """Return the record of each text, explained or not, and the id of the model."""
    texts, titles = [item.text for item in items], [item.title for item in items]
    if explain:
        explanations, classifier = await state.engine.explain(texts, titles, policy=policy)
        state.metrics.answers([explanation.result for explanation in explanations])
        found, model = [explanation.to_dict() for explanation in explanations], classifier.info.id
    else:
        results, model = await state.engine.answer(texts, titles, policy=policy)
        state.metrics.answers(results)
        found = [result.to_dict() for result in _known(items, results)]
    return [
        record if item.id is None else {"id": item.id, **record} for item, record in zip(items, found, strict=True)
    ], model


def _known(items: Sequence[Item], results: Sequence[Result]) -> Iterator[Result]:
    """Yield results without a word on titles that were not there."""
    for item, result in zip(items, results, strict=True):
        titled = item.title is not None or result.title_conflict is None
        yield result if titled else replace(result, title_conflict=None)
