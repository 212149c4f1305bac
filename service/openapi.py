"""How the endpoints that read their own bodies are told in OpenAPI."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.hooks.payloads import GitHubIssues, GitLabIssueHook
from service.problems import MEDIA_TYPE
from service.schemas import FeedbackIn, Item, ManyTexts, OneText, ProblemOut
from service.spool import TYPES

_REF: Final = "#/components/schemas/{model}"
_BODIES: Final = (OneText, ManyTexts, Item, FeedbackIn, GitHubIssues, GitLabIssueHook, ProblemOut)

_STATUSES: Final = {
    401: "No key that opens this.",
    403: "A key of another scope, or a page of another site.",
    409: "The idempotency key was used for another request.",
    429: "More than is allowed.",
    400: "The body is not JSON.",
    408: "The body took too long to come.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The request holds something that is not allowed.",
    503: "The model is being loaded.",
}


def refusal(description: str) -> dict[str, Any]:
    """Return how one refusal is told."""
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=ProblemOut.__name__)}}},
    }


KEY: Final[dict[str, Any]] = {"security": [{"key": []}, {}]}
"""How it is told that a key may be asked for."""

NONE: Final[dict[int | str, dict[str, Any]]] = {
    401: refusal("No key that opens this."), 403: refusal("A key of another scope."), 404: refusal("There is none."),
}  # fmt: skip
"""The refusals of endpoints that read no body."""

REFUSALS: Final[dict[int | str, dict[str, Any]]] = {status: refusal(text) for status, text in _STATUSES.items()}
"""The refusals of endpoints that read JSON."""


def body_of(*models: type[BaseModel]) -> dict[str, Any]:
    """Return how a JSON body that is one of these models is told."""
    references = [{"$ref": _REF.format(model=model.__name__)} for model in models]
    schema = {"oneOf": references} if len(references) > 1 else references[0]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def query_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return how the parameters of a query that are the fields of this model are told."""
    found = model.model_json_schema()["properties"].items()
    return {"parameters": [{"name": name, "in": "query", "required": False, "schema": told} for name, told in found]}


def table_answer() -> dict[str, Any]:
    """Return how a table that is sent back is told, by its media type."""
    return {
        kind.partition(";")[0]: {"schema": {} if name == "parquet" else {"type": "string"}}
        for name, kind in TYPES.items()
    }


def table_body() -> dict[str, Any]:
    """Return how a table as a body, or as the file of a form, is told."""
    file = {"type": "string", "contentMediaType": "text/csv"}
    form = {"type": "object", "required": ["file"], "additionalProperties": False, "properties": {"file": file}}
    table = {"schema": {"type": "string"}, "example": "id,description\n1,Define SLOs and run postmortems.\n"}
    lines = {"schema": {"type": "string"}, "example": '{"text": "Define SLOs and run postmortems."}\n'}
    content = {
        "text/csv": table, "application/x-ndjson": lines, TYPES["parquet"]: {"schema": {}},
        "multipart/form-data": {"schema": form},
    }  # fmt: skip
    return {"requestBody": {"required": True, "content": content}}


def install(app: FastAPI) -> None:
    """Make an app tell its bodies and refusals, which FastAPI does not read itself."""

    def tell() -> dict[str, Any]:
        if app.openapi_schema is None:
            told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, found = models_json_schema([(model, "validation") for model in _BODIES], ref_template=_REF)
            told.setdefault("components", {}).setdefault("schemas", {}).update(found["$defs"])
            for operations in told["paths"].values():
                for operation in operations.values():
                    operation["responses"] |= {"422": refusal(_STATUSES[422]), "default": refusal("Another refusal.")}
            told["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            app.openapi_schema = told
        return app.openapi_schema

    app.openapi = tell  # type: ignore[method-assign]  # the documented way to extend it
