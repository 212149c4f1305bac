"""The hooks of GitHub and GitLab, on both databases, against a server that answers as their APIs do."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from classifier import UsageError
from classifier.pipeline import Classifier
from service import keys
from service.app import create_app
from service.hooks import deliveries, sender
from service.hooks.systems import told_to_wait
from service.logs import JsonLines
from service.run import check
from service.settings import Settings
from service.store.database import Database, now
from service.store.tables import DONE, QUEUED, Base, DeliveryRow
from tests.service.conftest import serving, value
from tests.service.trackers import GITHUB_TOKEN, GITLAB_TOKEN, Issue, Trackers, trackers_app

SECRET = "a s\u00e9cret"
SRE = "role: sre"
REPOSITORY, PROJECT, NUMBER = "octo-org/shop", 42, 7
SYSTEMS = ("github", "gitlab")
PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str) -> dict[str, Any]:
    """Return a payload as the systems' documentation describes it."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def opened(system: str, **changes: Any) -> dict[str, Any]:
    """Return the payload of an issue that was opened; ``changes`` are those to the issue."""
    sent = payload("github_opened" if system == "github" else "gitlab_open")
    sent["issue" if system == "github" else "object_attributes"] |= changes
    return sent


def deliver(
    client: httpx.Client, system: str, sent: Any, *, key: str | None = "d-1", event: str = "", **headers: str
) -> httpx.Response:
    """Send a delivery as the system does, under its delivery id."""
    body = json.dumps(sent).encode()
    proof = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    ours: dict[str, str | bytes]
    if system == "github":
        ours = {"X-GitHub-Event": event or "issues", "X-GitHub-Delivery": key or "", "X-Hub-Signature-256": proof}
    else:
        ours = {"X-Gitlab-Event": event or "Issue Hook", "X-Gitlab-Token": SECRET.encode()}
        ours |= {} if key is None else {"Idempotency-Key": key}
    ours |= {"Content-Type": "application/json"} | headers
    raw = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in ours.items()]
    return client.post(f"/v1/hooks/{system}", content=body, headers=raw)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the thread look for what is due more often."""
    monkeypatch.setattr(sender, "BEAT", 0.02)


@pytest.fixture(scope="module")
def api_held() -> Iterator[tuple[str, Trackers]]:
    """The address of both APIs and what they hold."""
    held = Trackers()
    with serving(trackers_app(held)) as address:
        yield address, held


@pytest.fixture
def api(api_held: tuple[str, Trackers]) -> str:
    return api_held[0]


@pytest.fixture
def trackers(api_held: tuple[str, Trackers]) -> Trackers:
    """Both systems with the issue of the payloads, on which nothing happened yet."""
    held = api_held[1]
    held.reset(Trackers({(REPOSITORY, NUMBER): Issue()}, {(PROJECT, NUMBER): Issue()}))
    return held


@pytest.fixture
def settings(database_url: str, tmp_path: Path, api: str, trackers: Trackers) -> Settings:
    return Settings(
        database=database_url, data=tmp_path / "data", hooks_dry_run=False, hooks_backoff=0.01, hooks_attempts=4,
        github_secret=SECRET, github_token=GITHUB_TOKEN, github_api=api,
        gitlab_secret=SECRET, gitlab_token=GITLAB_TOKEN, gitlab_api=f"{api}/api/v4",
    )  # fmt: skip


@contextmanager
def client_of(settings: Settings, classifier: Classifier) -> Iterator[httpx.Client]:
    """Run the service and yield a client of it."""
    with serving(create_app(settings, classifier)) as address, httpx.Client(base_url=address, timeout=20) as found:
        yield found


@pytest.fixture
def client(settings: Settings, classifier: Classifier, database: Database) -> Iterator[httpx.Client]:
    with client_of(settings, classifier) as found:
        yield found


@pytest.fixture(scope="module")
def dry(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service for what changes nothing: both hooks, in a dry run."""
    settings = Settings(data=tmp_path_factory.mktemp("dry"), github_secret=SECRET, gitlab_secret=SECRET)
    with client_of(settings, classifier) as found:
        yield found


def issue_of(trackers: Trackers, system: str) -> Issue:
    return trackers.github[REPOSITORY, NUMBER] if system == "github" else trackers.gitlab[PROJECT, NUMBER]


def ended(client: httpx.Client, system: str = "") -> dict[str, Any]:
    """Return the newest opening, of a system where one is named, once its label is set or given up."""
    until = time.monotonic() + 20
    while True:
        told = client.get("/v1/hooks/deliveries").json()["deliveries"]
        found = next(one for one in told if one["outcome"] != "noted" and one["system"].startswith(system))
        if found["outcome"] != "waiting":
            return dict(found)
        assert time.monotonic() < until, found
        time.sleep(0.02)


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_opened_issue_is_labelled_with_its_role(
    client: httpx.Client, trackers: Trackers, system: str, classifier: Classifier
) -> None:
    answer = deliver(client, system, opened(system))
    assert answer.status_code == 202, answer.text
    issue = payload("github_opened")["issue"]
    result = classifier.classify(issue["body"], title=issue["title"])
    told = answer.json()
    assert (told["outcome"], told["role"], told["label"], told["repeated"]) == ("waiting", "sre", SRE, False)
    assert told["confidence"] == result.confidence
    found = ended(client)
    assert (found["outcome"], found["attempts"], found["system"]) == ("labelled", 1, system)
    assert found["model"] == classifier.info.id
    assert issue_of(trackers, system).labels == [SRE]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_same_delivery_acts_once(client: httpx.Client, trackers: Trackers, system: str) -> None:
    first = deliver(client, system, opened(system)).json()
    ended(client)
    again = deliver(client, system, opened(system))
    assert again.status_code == 202
    assert again.json() == first | {"outcome": "labelled", "repeated": True}
    replayed = deliver(client, system, opened(system), key="another id")
    assert replayed.json() == again.json()
    assert len(client.get("/v1/hooks/deliveries").json()["deliveries"]) == 1
    assert len(trackers.changes) == 1
    other = deliver(client, system, opened(system, id=1234, title="Another"))
    assert other.status_code == 409
    assert other.json()["errors"][0]["got"] == "one that was used for another"


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_delivery_that_comes_many_times_at_once_acts_once(
    client: httpx.Client, trackers: Trackers, system: str
) -> None:
    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(deliver, client, system, opened(system), key=f"d-{n % 3}") for n in range(12)]
        answers = [one.result() for one in sent]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.json()["repeated"] for answer in answers].count(False) == 1
    assert ended(client)["outcome"] == "labelled"
    assert len(trackers.changes) == 1


def test_gitlab_without_a_delivery_id_is_known_by_its_body(client: httpx.Client, trackers: Trackers) -> None:
    first = deliver(client, "gitlab", opened("gitlab"), key=None).json()
    again = deliver(client, "gitlab", opened("gitlab"), key=None).json()
    assert (again["id"], again["repeated"]) == (first["id"], True)
    ended(client)
    assert len(trackers.changes) == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_dry_run_is_the_default_and_asks_nobody(
    settings: Settings, classifier: Classifier, database: Database, trackers: Trackers, system: str
) -> None:
    kept = settings.model_dump(exclude_unset=True, exclude={"hooks_dry_run", "github_token", "gitlab_token"})
    with client_of(Settings(**kept), classifier) as client:
        told = deliver(client, system, opened(system)).json()
        assert (told["outcome"], told["label"]) == ("dry_run", SRE)
        assert ended(client)["outcome"] == "dry_run"
    assert trackers.asked == []


@pytest.mark.parametrize(
    "text, role", [("", "unsure"), ("The coffee machine on the second floor leaks again, please order a part.", "none")]
)
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_none_or_unsure_gets_no_label(
    client: httpx.Client, trackers: Trackers, system: str, text: str, role: str
) -> None:
    text_field = "body" if system == "github" else "description"
    told = deliver(client, system, opened(system, **{"title": text, text_field: text or None})).json()
    assert (told["outcome"], told["role"]) == ("undecided", role)
    assert "label" not in told
    assert ended(client)["outcome"] == "undecided"
    assert trackers.asked == []


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "done, left",
    [
        ([("add", SRE), ("remove", SRE)], []),
        ([("add", SRE), ("remove", SRE), ("add", "role: platform")], ["role: platform"]),
        ([("add", "Role:security")], ["Role:security"]),
    ],
)
def test_a_label_that_a_person_removed_or_changed_stays_so(
    client: httpx.Client, trackers: Trackers, system: str, done: list[tuple[str, str]], left: list[str]
) -> None:
    issue = issue_of(trackers, system)
    for action, label in done:
        issue.change(action, label)
    deliver(client, system, opened(system))
    assert ended(client)["outcome"] == "kept"
    assert issue.labels == left
    assert trackers.changes == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_removal_far_back_in_the_history_is_found(client: httpx.Client, trackers: Trackers, system: str) -> None:
    issue = issue_of(trackers, system)
    other: tuple[str, str | None] = ("renamed", None) if system == "github" else ("add", None)
    issue.events = [other] * 230 + [("remove", SRE)]
    deliver(client, system, opened(system))
    assert ended(client)["outcome"] == "kept"
    assert issue.labels == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_other_labels_are_no_reason_and_stay(client: httpx.Client, trackers: Trackers, system: str) -> None:
    issue = issue_of(trackers, system)
    issue.change("add", "bug")
    deliver(client, system, opened(system))
    assert ended(client)["outcome"] == "labelled"
    assert issue.labels == ["bug", SRE]


@pytest.mark.parametrize("system, name", [("github", "github_unlabeled"), ("gitlab", "gitlab_update")])
def test_a_change_that_was_told_is_remembered(client: httpx.Client, trackers: Trackers, system: str, name: str) -> None:
    assert deliver(client, system, payload(name), key="change").json()["outcome"] == "noted"
    deliver(client, system, opened(system))
    assert ended(client)["outcome"] == "kept"
    assert trackers.asked == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_issue_that_was_opened_with_a_role_keeps_it(client: httpx.Client, trackers: Trackers, system: str) -> None:
    sent = opened(system)
    if system == "github":
        sent["issue"]["labels"] = [{"id": 5, "name": "role: cloud"}]
    else:
        sent["labels"] = [{"id": 5, "title": "role: cloud"}]
    assert deliver(client, system, sent).json()["outcome"] == "kept"
    assert trackers.asked == []


@pytest.mark.parametrize(
    "system, event, sent",
    [
        ("github", "ping", payload("github_ping")),
        ("github", "push", {"ref": "refs/heads/main"}),
        ("github", "issues", opened("github") | {"action": "closed"}),
        ("github", "issues", payload("github_unlabeled") | {"label": {"name": "bug"}}),
        ("gitlab", "Push Hook", {"object_kind": "push"}),
        ("gitlab", "Issue Hook", opened("gitlab", action="close")),
        ("gitlab", "Issue Hook", opened("gitlab", action=None)),
        ("gitlab", "Issue Hook", opened("gitlab", action="update")),
    ],
)
def test_what_is_nothing_to_us_is_not_kept(dry: httpx.Client, system: str, event: str, sent: dict[str, Any]) -> None:
    answer = deliver(dry, system, sent, event=event)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored", "repeated": False})
    assert dry.get("/v1/hooks/deliveries").json() == {"deliveries": []}


@pytest.mark.parametrize(
    "system, header, wrong",
    [
        ("github", "X-Hub-Signature-256", "sha256=" + "0" * 64),
        ("github", "X-Hub-Signature-256", ""),
        ("github", "X-Hub-Signature-256", "\u00e9"),
        ("gitlab", "X-Gitlab-Token", "another"),
        ("gitlab", "X-Gitlab-Token", SECRET[:-1]),
    ],
)
def test_an_altered_signature_is_refused(dry: httpx.Client, system: str, header: str, wrong: str) -> None:
    counted = f'rolecall_hooks_total{{outcome="refused",system="{system}"}}'
    before = value(dry.get("/metrics").text, counted)
    answer = deliver(dry, system, opened(system), **{header: wrong})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(f"{header}: must be ")
    assert SECRET not in answer.text
    assert dry.get("/v1/hooks/deliveries").json() == {"deliveries": []}
    assert value(dry.get("/metrics").text, counted) == before + 1


def test_a_body_that_was_altered_or_not_signed_is_refused(dry: httpx.Client) -> None:
    body = json.dumps(opened("github")).encode()
    proof = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "d", "Content-Type": "application/json"}
    signed = headers | {"X-Hub-Signature-256": proof}
    altered = body.replace(b"octo-org/shop", b"octo-org/till")
    assert dry.post("/v1/hooks/github", content=altered, headers=signed).status_code == 401
    assert dry.post("/v1/hooks/github", content=body, headers=headers).status_code == 401
    assert dry.post("/v1/hooks/gitlab", content=body, headers=headers | {"X-Gitlab-Event": "a"}).status_code == 401


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_a_secret_there_is_no_hook(address: str, system: str) -> None:
    with httpx.Client(base_url=address) as bare:
        answer = deliver(bare, system, opened(system))
    assert answer.status_code == 404
    assert f"ROLECALL_{system.upper()}_SECRET" in answer.json()["detail"]


@pytest.mark.parametrize(
    "system, sent, where",
    [
        ("github", [], "body"),
        ("github", {"action": "opened"}, "issue"),
        ("github", opened("github", number="7"), "issue/number"),
        ("github", opened("github") | {"repository": {"full_name": "../.."}}, "repository/full_name"),
        ("github", opened("github") | {"repository": {"full_name": "a/b/c"}}, "repository/full_name"),
        ("github", opened("github", body=["a"]), "issue/body"),
        ("gitlab", opened("gitlab") | {"project": {"id": "../1"}}, "project/id"),
        ("gitlab", opened("gitlab", iid=0), "object_attributes/iid"),
    ],
)
def test_a_payload_of_another_shape_is_refused(dry: httpx.Client, system: str, sent: Any, where: str) -> None:
    answer = deliver(dry, system, sent)
    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert fault["where"] == where
    assert fault["allowed"]


def test_a_form_is_refused(dry: httpx.Client) -> None:
    answer = deliver(dry, "github", opened("github"), **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


REFUSALS = [
    (502, {}, "<html>Bad gateway</html>"),
    (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, '{"message": "API rate limit exceeded"}'),
    (429, {"Retry-After": "0"}, "{}"),
]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_that_cannot_is_asked_again(client: httpx.Client, trackers: Trackers, system: str) -> None:
    trackers.next.extend(REFUSALS)
    deliver(client, system, opened(system))
    found = ended(client)
    assert (found["outcome"], found["attempts"]) == ("labelled", 4)
    assert "problem" not in found
    assert issue_of(trackers, system).labels == [SRE]
    counted = client.get("/metrics").text
    for outcome, times in [("waiting", 1), ("retried", 3), ("labelled", 1)]:
        assert value(counted, f'rolecall_hooks_total{{outcome="{outcome}",system="{system}"}}') == times


def test_a_label_whose_answer_was_lost_is_not_set_twice(client: httpx.Client, trackers: Trackers) -> None:
    issue = trackers.github[REPOSITORY, NUMBER]
    trackers.next.append((200, {}, json.dumps({"labels": []})))
    trackers.next.append((200, {}, "[]"))
    trackers.next.append((500, {}, ""))  # the label is set all the same
    issue.change("add", SRE)
    deliver(client, "github", opened("github"))
    assert ended(client)["outcome"] == "kept"
    assert len(trackers.changes) == 1
    assert issue.labels == [SRE]


@pytest.mark.parametrize(
    "answers, problem",
    [
        ([(500, {}, "")] * 4, "answered 500"),
        ([(200, {}, "<html>sign in</html>")] * 4, "answered something else"),
        ([(403, {}, '{"message": "Resource not accessible by personal access token"}')], "answered 403"),
        ([(410, {}, '{"message": "This issue was deleted"}')], "answered 410"),
    ],
)
def test_what_never_works_fails_and_says_why(
    client: httpx.Client, trackers: Trackers, answers: list[tuple[int, dict[str, str], str]], problem: str
) -> None:
    trackers.next.extend(answers)
    deliver(client, "github", opened("github"))
    found = ended(client)
    assert (found["outcome"], found["attempts"]) == ("failed", len(answers))
    assert f"GET /repos/{REPOSITORY}/issues/{NUMBER}: {problem}" in found["problem"]
    assert trackers.changes == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_wrong_token_is_said(
    settings: Settings, classifier: Classifier, database: Database, trackers: Trackers, system: str
) -> None:
    with client_of(settings.model_copy(update={f"{system}_token": "wrong"}), classifier) as client:
        deliver(client, system, opened(system))
        assert ended(client)["problem"].endswith("answered 401")
    assert issue_of(trackers, system).labels == []


def test_a_system_that_does_not_answer_is_not_waited_for_long(
    settings: Settings, classifier: Classifier, database: Database, trackers: Trackers
) -> None:
    trackers.delay = 0.5
    hasty = settings.model_copy(update={"hooks_seconds": 0.05, "hooks_attempts": 1})
    with client_of(hasty, classifier) as client:
        deliver(client, "gitlab", opened("gitlab"))
        assert "no answer (ReadTimeout)" in ended(client)["problem"]


def test_what_a_system_asks_to_wait_holds_for_all_of_its_deliveries(
    client: httpx.Client, trackers: Trackers, database: Database
) -> None:
    trackers.next.append((429, {"Retry-After": "3600"}, "{}"))
    deliver(client, "github", opened("github"))
    until = time.monotonic() + 20
    while not client.get("/v1/hooks/deliveries").json()["deliveries"][0]["attempts"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    trackers.github[REPOSITORY, 8] = Issue()
    deliver(client, "github", opened("github", id=8, number=8), key="d-2")
    deliver(client, "gitlab", opened("gitlab"))
    assert ended(client, "gitlab")["outcome"] == "labelled"
    due = [row.due for row in deliveries.listed(database, 10) if row.owner == "github" and row.number == NUMBER]
    assert due[0].replace(tzinfo=UTC) > datetime.now(UTC) + timedelta(minutes=50)


def test_a_restart_loses_no_delivery(
    settings: Settings, classifier: Classifier, database: Database, trackers: Trackers
) -> None:
    trackers.next.append((503, {}, ""))
    with client_of(settings.model_copy(update={"hooks_backoff": 1000.0}), classifier) as client:
        deliver(client, "github", opened("github"))
    assert trackers.github[REPOSITORY, NUMBER].labels == []
    with database.session() as session:  # the time has come
        session.execute(update(DeliveryRow).values(due=now()))
    with client_of(settings, classifier) as client:
        assert ended(client)["outcome"] == "labelled"
    assert trackers.github[REPOSITORY, NUMBER].labels == [SRE]


def test_what_a_dead_worker_had_taken_is_done_by_another(
    settings: Settings, classifier: Classifier, database: Database, trackers: Trackers
) -> None:
    with client_of(settings.model_copy(update={"github_token": "", "hooks_dry_run": True}), classifier) as client:
        deliver(client, "gitlab", opened("gitlab"))
    row = deliveries.listed(database, 1)[0]
    with database.session() as session:
        session.merge(row).state = "queued"
    dead = deliveries.take(database, "dead", lease=-1, attempts=4, owners=["gitlab"])
    assert dead is not None
    with client_of(settings, classifier) as client:
        assert ended(client)["outcome"] == "labelled"
    assert not deliveries.renew(database, dead, 60)
    assert trackers.gitlab[PROJECT, NUMBER].labels == [SRE]


def test_deliveries_are_for_an_admin_and_hooks_need_no_key(client: httpx.Client, database: Database) -> None:
    headers = [{"Authorization": f"Bearer {keys.create_key(database, s, [s])[1]}"} for s in ("jobs", "admin")]
    assert deliver(client, "github", opened("github")).status_code == 202
    until = time.monotonic() + 20
    while client.get("/v1/hooks/deliveries").status_code != 401:  # a first key is seen after some seconds
        assert time.monotonic() < until
        time.sleep(0.1)
    assert client.get("/v1/hooks/deliveries", headers=headers[0]).status_code == 403
    assert client.get("/v1/hooks/deliveries", headers=headers[1]).status_code == 200
    assert deliver(client, "github", opened("github")).status_code == 202


@pytest.mark.parametrize("dry_run", [False, True])
def test_old_deliveries_go(
    settings: Settings, classifier: Classifier, database: Database, trackers: Trackers, dry_run: bool
) -> None:
    """Those that ended long ago, at the next start, in a dry run too; an issue with a label keeps it all the same."""
    with client_of(settings, classifier) as client:
        first = deliver(client, "github", opened("github")).json()["id"]
        ended(client)
    age(database, days=100, state=DONE)
    told = settings.model_copy(update={"hooks_dry_run": dry_run})
    with client_of(told, classifier) as client:
        until = time.monotonic() + 10
        while client.get("/v1/hooks/deliveries").json()["deliveries"]:
            assert time.monotonic() < until
            time.sleep(0.02)
        again = deliver(client, "github", opened("github")).json()
        assert again["id"] != first
        assert not again["repeated"]
        assert ended(client)["outcome"] == ("dry_run" if dry_run else "kept")
    assert issue_of(trackers, "github").labels.count(SRE) == 1


def test_deliveries_that_wait_or_ended_lately_stay(
    settings: Settings, classifier: Classifier, database: Database
) -> None:
    with client_of(settings.model_copy(update={"hooks_dry_run": True}), classifier) as client:
        deliver(client, "github", opened("github"))
        age(database, days=89)
        deliveries.forget(database, settings.hooks_keep_days)
        assert len(deliveries.listed(database, 10)) == 1
        age(database, days=91, state=QUEUED)
        deliveries.forget(database, settings.hooks_keep_days)
        assert len(deliveries.listed(database, 10)) == 1


def age(database: Database, **values: Any) -> None:
    """Make all deliveries ones of so many ``days`` ago; ``state`` is theirs."""
    moment = now() - timedelta(days=values.pop("days"))
    with database.session() as session:
        session.execute(update(DeliveryRow).values(created=moment, finished=moment, **values))


def test_no_text_of_an_issue_is_kept_or_logged(client: httpx.Client, database: Database, trackers: Trackers) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("rolecall")
    logger.addHandler(handler)
    try:
        text = "wombat: define SLOs, error budgets and burn rate alerts, and run blameless postmortems for on-call."
        deliver(client, "github", opened("github", title="SRE: wombat", body=text))
        assert ended(client)["outcome"] == "labelled"
    finally:
        logger.removeHandler(handler)
    with database.engine.connect() as connection:
        held = [list(connection.execute(table.select())) for table in Base.metadata.sorted_tables]
    assert "octo-org/shop" in str(held)
    assert "wombat" not in str(held) + out.getvalue()


def test_the_settings_of_a_hook_are_checked_at_the_start(classifier: Classifier) -> None:
    with pytest.raises(UsageError, match="ROLECALL_GITHUB_TOKEN"):
        check(Settings(github_secret="a", hooks_dry_run=False))
    with pytest.raises(UsageError, match="ROLECALL_GITLAB_TOKEN") as caught:
        check(Settings(gitlab_secret="a", gitlab_token="hidden\n"))
    assert "hidden" not in str(caught.value)
    for wrong in ("gitlab.example", "https://", "http://host:port"):
        with pytest.raises(UsageError, match="ROLECALL_GITLAB_API"):
            create_app(Settings(gitlab_api=wrong), classifier)
    assert "hidden" not in repr(Settings(github_secret="hidden", github_token="hidden", gitlab_token="hidden"))


@pytest.mark.parametrize(
    "label, wanted", [("role: sre", True), ("ROLE:sre", True), ("role::sre", True), ("bug", False), ("roles", False)]
)
def test_what_a_role_label_is(label: str, wanted: bool) -> None:
    assert sender.is_role_label(label, "role: ") is wanted


@pytest.mark.parametrize(
    "status, headers, body, least, most",
    [
        (429, {"Retry-After": "17"}, "", 17, 17),
        (403, {"Retry-After": "17", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, "", 17, 17),
        (
            503,
            {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)},
            "",
            10_000,
            10_800,
        ),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 5000)}, "", 4000, 5000),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(time.time()) + 5000)}, "", 4000, 5000),
        (403, {}, "You have exceeded a secondary rate limit.", 60, 60),
        (429, {"Retry-After": "soon"}, "", 60, 60),
        (429, {"Retry-After": "9" * 30}, "", 86_400, 86_400),
    ],
)
def test_what_a_system_says_about_waiting_is_heeded(
    status: int, headers: dict[str, str], body: str, least: float, most: float
) -> None:
    seconds = told_to_wait(httpx.Response(status, headers=headers, text=body))
    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Remaining": "59", "X-RateLimit-Reset": "99999999999"}])
def test_a_refusal_that_is_no_limit_says_nothing_about_waiting(headers: dict[str, str]) -> None:
    assert told_to_wait(httpx.Response(403, headers=headers, text="Resource not accessible")) is None
