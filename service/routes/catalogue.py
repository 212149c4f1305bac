"""GET /v1/roles and /v1/models: what can be answered, and with what."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from classifier import artefact, policies
from classifier.roles import read_roles
from service.openapi import KEY, NONE, refusal
from service.problems import Problem
from service.schemas import ModelOut, Models, Responsibility, RoleOut, Roles
from service.state import State, state_of

router = APIRouter(tags=["catalogue"])


@router.get("/v1/roles", summary="The documented roles and their responsibilities")
def roles() -> Roles:
    """Return the four roles, each with its definition and its five responsibilities by id."""
    return Roles(
        roles=[
            RoleOut(
                id=role.id,
                title=role.title,
                definition=" ".join(role.definition.split()),
                names=list(role.names),
                neighbours=role.neighbours,
                responsibilities=[
                    Responsibility(id=f"{role.id}-{number}", text=text)
                    for number, text in enumerate(role.responsibilities, 1)
                ],
            )
            for role in read_roles()
        ]
    )


@router.get("/v1/models", summary="The models on disk and the one that answers", openapi_extra=KEY)
async def models(request: Request) -> Models:
    """Return what is known of every model."""
    await state_of(request).access.admit(request, "classify")
    return await run_in_threadpool(_models, state_of(request))


@router.post(
    "/v1/models/{name}/activate",
    summary="Answer with another model from now on",
    openapi_extra=KEY,
    responses={**NONE, 409: refusal("The service answers with one model only.")},
)
async def activate(request: Request, name: str) -> Models:
    """Load a model and change to it between two requests; other processes follow within a second or two."""
    state = state_of(request)
    await state.access.admit(request, "admin")
    if name not in artefact.names():
        raise Problem(404, f"model {name[:64]!r}: there is none; GET /v1/models lists them")
    await run_in_threadpool(state.engine.activate, name)
    return await run_in_threadpool(_models, state)


def _models(state: State) -> Models:
    classifier = state.engine.classifier
    known = {name: artefact.read_info(name) for name in artefact.names()}
    known[classifier.info.name] = (classifier.info, classifier.policy)
    return Models(
        models=[
            ModelOut(
                name=name,
                id=info.id,
                created=info.created,
                corpus_hash=info.corpus_hash,
                active=name == classifier.info.name,
                policy=policy.to_dict(),
                policies=policies.names(name),
            )
            for name, (info, policy) in sorted(known.items())
        ]
    )
