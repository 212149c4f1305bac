"""The page in a real browser: keyboard, phone, dark, hostile text, no script, no server."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from classifier.pipeline import Classifier
from service.app import create_app
from service.routes.page import POLICY
from service.settings import Settings
from tests.service.chromium import PHONE, needs_chromium, picture
from tests.service.conftest import serving

TEXT = "Define SLOs, run blameless postmortems, carry the pager and tune the alerts of our production."
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>'); DROP TABLE--"


def test_the_page_works_without_a_script(client: httpx.Client, classifier: Classifier) -> None:
    empty = client.get("/")
    assert empty.headers["content-security-policy"] == POLICY
    assert "'unsafe" not in POLICY
    answered = client.post("/", data={"text": TEXT, "title": "SRE"})
    assert answered.status_code == 200
    result = classifier.classify(TEXT, title="SRE")
    assert f"{100 * result.probabilities['sre']:.1f} %" in answered.text
    assert "Calibrated probabilities" in answered.text


@pytest.mark.parametrize(
    "data, status, said",
    [({"text": "a" * 10_001}, 422, "at most 10000"), ({"text": "a" * 300_000}, 413, "at most"), ({}, 200, "no words")],
)
def test_what_the_form_cannot_send_is_said_on_the_page(
    client: httpx.Client, data: dict[str, str], status: int, said: str
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.post("/", data=data, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert said in response.text


def test_a_hostile_text_is_only_text(client: httpx.Client) -> None:
    answered = client.post("/", data={"text": HOSTILE, "title": '"><script>'})
    assert "<img src=x" not in answered.text
    assert "<script>" not in answered.text
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/", content=b"text=%ff%00%ed%a0%80", headers=headers).status_code == 200


def test_files_of_the_page_are_kept_and_nothing_else_is_served(client: httpx.Client) -> None:
    html = client.get("/").text
    address = html.split('src="/static/page.js', 1)[1].split('"')[0]
    response = client.get(f"/static/page.js{address}")
    assert "immutable" in response.headers["cache-control"]
    for name in ("../templates/index.html", "%2e%2e/__init__.py", "..%2f..%2fapp.py", "nothing.js"):
        assert client.get(f"/static/{name}").status_code == 404


@needs_chromium
def test_a_text_is_read_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")  # the name of the house
    page.keyboard.press("Tab")
    page.keyboard.type("Site Reliability Engineer")
    page.keyboard.press("Tab")
    page.keyboard.type(TEXT)
    page.keyboard.press("Control+Enter")
    heading = page.locator("#answer h2")
    expect(heading).to_have_text("SRE")
    expect(heading).to_be_focused()
    expect(page.get_by_role("row").nth(1)).to_contain_text("SRE")
    picture(page, "answer")


@needs_chromium
def test_unsure_says_why_on_a_phone_in_the_dark(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, color_scheme="dark", **PHONE)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Text", exact=True).fill("Help")
    page.get_by_role("button", name="Read it").tap()
    expect(page.locator("#answer h2")).to_have_text("Unsure")
    expect(page.locator("#answer .lead")).to_contain_text("too short")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "unsure-phone-dark")
    page.get_by_role("button", name="an ad").tap()
    expect(page.locator("#answer h2")).not_to_have_text("Unsure")
    picture(page, "ad-phone-dark")
    context.close()


@needs_chromium
def test_a_hostile_text_runs_nothing_in_the_browser(page: Page) -> None:
    page.get_by_label("Text", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#answer h2")).to_be_visible()
    assert page.title() != "taken"


@needs_chromium
def test_everything_has_a_name_for_screen_readers(page: Page) -> None:
    page.get_by_role("button", name="a ticket").click()
    expect(page.locator("#answer h2")).to_be_visible()
    tree = page.locator("body").aria_snapshot()
    for part in ("banner", "main", "contentinfo", 'textbox "Text"', 'button "Read it"', 'table "Calibrated', "heading"):
        assert part in tree
    assert page.locator("#busy").get_attribute("role") == "status"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input,textarea,select')].filter(part => !part.labels.length).length"
    )
    assert unnamed == 0


@needs_chromium
def test_a_server_that_is_away_is_said_and_the_text_stays(browser: Browser, classifier: Classifier) -> None:
    page = browser.new_page()
    with serving(create_app(Settings(), classifier)) as address:
        page.goto(address)
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#answer h2")).to_have_text("The server does not answer")
    assert page.get_by_label("Text", exact=True).input_value() == TEXT
    page.close()


@needs_chromium
def test_an_answer_is_corrected(page: Page) -> None:
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Read it").click()
    page.get_by_label("Not right? It is").select_option("cloud")
    page.get_by_role("button", name="Say so").click()
    expect(page.locator(".correct [role=status]")).to_have_text("Thank you; kept without its text.")
