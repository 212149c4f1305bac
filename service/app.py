"""The app factory: settings in, a service out. Importing does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from classifier import __version__
from classifier.pipeline import Classifier
from service import openapi, problems
from service.access import Access
from service.engine import Engine
from service.envelope import Envelope
from service.hooks.sender import Sender
from service.metrics import Metrics
from service.routes import catalogue, classify, feedback, health, hooks, jobs, page, score
from service.settings import Settings, read_settings
from service.state import Slots, State
from service.store.database import Database


def create_app(settings: Settings, classifier: Classifier | None = None) -> FastAPI:
    """Return a service; ``classifier`` answers where it is given, else the model that the settings name."""
    database = Database(settings.database_url)
    metrics = Metrics()
    state = State(
        settings=settings,
        engine=Engine(settings.model, classifier, policy=settings.policy),
        pool=ThreadPoolExecutor(settings.max_tables, thread_name_prefix="tables"),
        slots=Slots(settings.max_tables),
        metrics=metrics,
        database=database,
        access=Access(settings, database),
        sender=Sender(settings, database, metrics),
    )

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(database.upgrade)
        await run_in_threadpool(state.engine.open)
        tasks = [asyncio.create_task(work) for work in (state.engine.warm(), state.engine.follow())]
        with state.sender.running():
            yield
        for task in tasks:
            task.cancel()
        await state.access.close()
        state.pool.shutdown(wait=False, cancel_futures=True)
        database.close()

    app = FastAPI(
        title="Rolecall",
        version=__version__,
        description="Say which operations role a job ad or a ticket belongs to, how sure that is, and why.",
        lifespan=life,
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = state
    for routes in (classify, score, jobs, feedback, hooks, catalogue, health):
        app.router.routes.extend(routes.router.routes)  # included, each request would go through one router more
    page.install(app)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(Envelope, hosts=settings.hosts, metrics=state.metrics)
    return app


def app_from_environment() -> FastAPI:
    """Return a service with the settings of the environment; each worker process calls this."""
    return create_app(read_settings())
