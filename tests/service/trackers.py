"""A small server that answers as the APIs of GitHub and GitLab document for issues and their labels."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

GITHUB_TOKEN = "github-api-token"
GITLAB_TOKEN = "gitlab-api-token"


@dataclass
class Issue:
    """Its labels, and what happened to them: ``add`` or ``remove`` and a label, the oldest first."""

    labels: list[str] = field(default_factory=list)
    events: list[tuple[str, str | None]] = field(default_factory=list)

    def change(self, action: str, label: str) -> None:
        """Add or remove a label; what is so already is no event."""
        if (label in self.labels) == (action == "add"):
            return
        self.events.append((action, label))
        self.labels = [*self.labels, label] if action == "add" else [had for had in self.labels if had != label]


@dataclass
class Trackers:
    """What both systems hold; ``next`` are answers to give before doing anything, ``asked`` what was asked for."""

    github: dict[tuple[str, int], Issue] = field(default_factory=dict)
    gitlab: dict[tuple[int, int], Issue] = field(default_factory=dict)
    next: deque[tuple[int, dict[str, str], str]] = field(default_factory=deque)
    asked: list[tuple[str, str]] = field(default_factory=list)
    delay: float = 0.0

    def reset(self, fresh: Trackers) -> None:
        """Hold what another holds."""
        for name, value in vars(fresh).items():
            setattr(self, name, value)

    @property
    def changes(self) -> list[str]:
        """The paths of requests that were to change something."""
        return [path for method, path in self.asked if method != "GET"]


def trackers_app(held: Trackers) -> FastAPI:
    """Return the server over what it holds."""
    app = FastAPI()

    @app.middleware("http")
    async def first(request: Request, go_on: Any) -> Response:
        held.asked.append((request.method, request.url.path))
        await asyncio.sleep(held.delay)
        if held.next:
            status, headers, body = held.next.popleft()
            return Response(body, status, headers, "application/json")
        github = request.url.path.startswith("/repos")
        given = request.headers.get("authorization" if github else "private-token")
        if given != (f"Bearer {GITHUB_TOKEN}" if github else GITLAB_TOKEN):
            return JSONResponse({"message": "Bad credentials" if github else "401 Unauthorized"}, 401)
        if github and "rolecall" not in request.headers.get("user-agent", ""):
            return JSONResponse({"message": "Request forbidden by administrative rules."}, 403)
        answer: Response = await go_on(request)
        return answer

    @app.exception_handler(KeyError)
    async def missing(request: Request, error: KeyError) -> Response:
        return JSONResponse({"message": "Not Found"}, 404)

    _github(app, held)
    _gitlab(app, held)
    return app


def _github(app: FastAPI, held: Trackers) -> None:
    """Add what https://docs.github.com/en/rest/issues tells."""

    @app.get("/repos/{owner}/{name}/issues/{number}")
    async def github_issue(owner: str, name: str, number: int) -> dict[str, Any]:
        issue = held.github[f"{owner}/{name}", number]
        return {"number": number, "state": "open", "labels": [{"id": 1, "name": label} for label in issue.labels]}

    @app.get("/repos/{owner}/{name}/issues/{number}/events")
    async def github_events(
        owner: str, name: str, number: int, per_page: int = 30, page: int = 1
    ) -> list[dict[str, Any]]:
        events = held.github[f"{owner}/{name}", number].events
        kinds = {"add": "labeled", "remove": "unlabeled"}
        told: list[dict[str, Any]] = [
            {"id": place, "event": kinds[action], "label": {"name": label, "color": "ededed"}}
            if action in kinds
            else {"id": place, "event": action}
            for place, (action, label) in enumerate(events)
        ]
        return told[(page - 1) * min(per_page, 100) :][: min(per_page, 100)]

    @app.post("/repos/{owner}/{name}/issues/{number}/labels")
    async def github_add(owner: str, name: str, number: int, body: dict[str, list[str]]) -> list[dict[str, Any]]:
        issue = held.github[f"{owner}/{name}", number]
        for label in body["labels"]:
            issue.change("add", label)
        return [{"id": 1, "name": label} for label in issue.labels]


def _gitlab(app: FastAPI, held: Trackers) -> None:
    """Add what https://docs.gitlab.com/api/issues tells."""

    @app.get("/api/v4/projects/{project}/issues/{iid}")
    async def gitlab_issue(project: int, iid: int) -> dict[str, Any]:
        issue = held.gitlab[project, iid]
        return {"iid": iid, "project_id": project, "state": "opened", "labels": issue.labels}

    @app.get("/api/v4/projects/{project}/issues/{iid}/resource_label_events")
    async def gitlab_events(project: int, iid: int, per_page: int = 20, page: int = 1) -> list[dict[str, Any]]:
        events = held.gitlab[project, iid].events
        told = [
            {"id": place, "action": action, "label": None if label is None else {"id": 1, "name": label}}
            for place, (action, label) in enumerate(events)
        ]
        return told[(page - 1) * min(per_page, 100) :][: min(per_page, 100)]

    @app.put("/api/v4/projects/{project}/issues/{iid}")
    async def gitlab_change(project: int, iid: int, body: dict[str, str]) -> dict[str, Any]:
        issue = held.gitlab[project, iid]
        for label in body["add_labels"].split(","):
            issue.change("add", label)
        return {"iid": iid, "labels": issue.labels}
