"""The page at /: paste a text, see the answer; works with and without its script."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.body import check_type, read_body
from service.page.marks import LONGEST
from service.page.words import EXAMPLES, NAMES, UNSURE_BECAUSE, shown
from service.problems import Problem
from service.requests import checked
from service.state import State, state_of

router = APIRouter(include_in_schema=False)

PAGE: Final = Path(__file__).resolve().parent.parent / "page"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own files, and nothing in line."""


class Assets(StaticFiles):
    """The files of the page, kept by browsers: their addresses change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class Pages:
    """The templates, read once."""

    def __init__(self) -> None:
        """Read the templates and hash the files that they name."""
        loader = FileSystemLoader(PAGE / "templates")
        self.templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        addresses = {
            path.name: f"/static/{path.name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
            for path in (PAGE / "static").iterdir()
        }
        self.templates.globals["asset"] = addresses.__getitem__

    def render(self, name: str, values: dict[str, Any], state: State, *, key: bool, status: int = 200) -> HTMLResponse:
        """Return a page, with the policy that keeps foreign content out."""
        model = state.engine.classifier.info.id if state.engine.ready else ""
        empty: dict[str, Any] = {
            "answer": None,
            "problem": "",
            "title": "",
            "text": "",
            "examples": EXAMPLES,
            "names": NAMES,
            "because": UNSURE_BECAUSE,
        }
        empty |= {"model": model, "key": key, "hours": f"{state.settings.job_hours:g}"}
        html = self.templates.get_template(name).render(empty | values)
        return HTMLResponse(html.encode("utf-8", "replace"), status, {"Content-Security-Policy": POLICY})


def install(app: FastAPI) -> None:
    """Add the page and its files to an app."""
    app.state.pages = Pages()
    app.mount("/static", Assets(directory=PAGE / "static"), name="static")
    app.include_router(router)


@router.get("/")
async def page(request: Request) -> Response:
    """Return the page with nothing asked yet."""
    state = state_of(request)
    return _pages(request).render("index.html", {}, state, key=await state.access.required())


@router.post("/")
async def ask(request: Request) -> Response:
    """Return the page with the answer for what its form sent, or that part of it alone."""
    state = state_of(request)
    template = "answer.html" if request.headers.get("x-part") == "answer" else "index.html"
    sent: dict[str, Any] = {}
    key = await state.access.required()
    try:
        check_type(request, "application/x-www-form-urlencoded")
        sent = _form(await read_body(request, state.settings))
        token = sent.pop("key")
        caller = await state.access.admit(request, "classify", token=token)
        await state.access.count_texts(caller, 1)
        checked(sent, state.settings)
        explanations, classifier = await state.engine.explain([sent["text"]], [sent["title"] or None])
        state.metrics.answers([explanations[0].result])
    except Problem as problem:
        values = _kept(sent) | {"problem": problem.detail}
        return _pages(request).render(template, values, state, key=key, status=problem.status)
    return _pages(request).render(
        template, _kept(sent) | {"answer": shown(explanations[0], classifier.policy)}, state, key=key
    )


def _form(body: bytes) -> dict[str, Any]:
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=10)
    except ValueError:
        raise Problem(400, "the form has too many fields") from None
    return {name: fields.get(name, [""])[0] for name in ("title", "text", "key")}


def _kept(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent, to be shown in the form again; what is very long is left out."""
    return {name: value for name, value in sent.items() if name != "key" and len(value) <= LONGEST}


def _pages(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found
