"""POST /v1/classify: one text or a list of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from service.body import read_json
from service.openapi import KEY, REFUSALS, body_of
from service.requests import checked
from service.schemas import Answer, Answers, Item, ManyTexts, OneText
from service.state import State, state_of

router = APIRouter(tags=["classify"])

_DESCRIPTION: Final = "The answer for the one text, or those for the list in its order."


@router.post(
    "/v1/classify",
    summary="Say which role a text belongs to, how sure that is, and why",
    openapi_extra=body_of(OneText, ManyTexts) | KEY,
    responses={200: {"model": Answer | Answers, "description": _DESCRIPTION}, **REFUSALS},
)
async def classify(request: Request) -> Response:
    """Answer `{"text": ...}` with one record, and `{"texts": [...]}` with one for each, in order."""
    state = state_of(request)
    caller = await state.access.admit(request, "classify")
    wanted = checked(await read_json(request, state.settings), state.settings)
    await state.access.count_texts(caller, len(wanted) if isinstance(wanted, list) else 1)
    record = await (_many(state, wanted) if isinstance(wanted, list) else _one(state, wanted))
    return Response(orjson.dumps(record), media_type="application/json")


async def _one(state: State, wanted: OneText) -> dict[str, Any]:
    results, _ = await state.engine.answer([wanted.text], [wanted.title])
    state.metrics.answers(results)
    return results[0].to_dict()


async def _many(state: State, items: list[Item]) -> dict[str, Any]:
    titles = [item.title for item in items]
    results, model = await state.engine.answer([item.text for item in items], titles)
    state.metrics.answers(results)
    records = []
    for item, result in zip(items, results, strict=True):
        known = result if item.title is not None else replace(result, title_conflict=None)
        records.append(known.to_dict() if item.id is None else {"id": item.id, **known.to_dict()})
    return {"results": records, "model": model}
