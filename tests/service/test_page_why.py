"""What the page says of why: marks with their statements, tools, names, what would change it; and what axe says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from classifier.explain import Explanation
from classifier.pipeline import Classifier
from service.app import create_app
from service.page.marks import LONGEST, runs
from service.page.words import FAMILIES, shown
from service.settings import Settings
from tests.service.chromium import PHONE, faults, needs_chromium, picture
from tests.service.conftest import serving, watched
from tests.sharp import sharpened

AD = """We are hiring a Site Reliability Engineer for our payments team.

- Define SLOs and error budgets with the product teams.
- Run blameless postmortems after every incident.
- You know Terraform, Prometheus and Python.

<b>We</b> offer a pension &amp; a bicycle."""
HOSTILE = """<script>document.title='taken'</script><img src=x onerror="document.title='taken'">
Define SLOs and error budgets </mark></span><svg onload="document.title='taken'"> for <a href="javascript:1">us</a>."""


@pytest.fixture(scope="module")
def sharp(classifier: Classifier) -> Classifier:
    """The small model, sure enough of responsibilities to cite them."""
    return sharpened(classifier)


@pytest.fixture(scope="module")
def explaining(sharp: Classifier) -> Iterator[str]:
    """The address of a server that answers with it."""
    with serving(create_app(Settings(), sharp)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, explaining: str) -> Iterator[Page]:
    with watched(browser, explaining) as found:
        yield found


def read(page: Page, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#answer h2")).to_be_focused()


@pytest.mark.parametrize("text", [AD, HOSTILE, "", "\U0001f600 Define SLOs and error budgets\r\n\x00Jenkins"])
def test_the_runs_are_the_text_and_hold_what_was_found(sharp: Classifier, text: str) -> None:
    explanation = sharp.explain(text)
    found = runs(explanation)
    whole = "".join(part.text for run in found for part in run.parts)
    assert len(whole) == len(text)
    cited = {run.number: "".join(part.text for part in run.parts) for run in found if run.number is not None}
    assert list(cited) == list(range(len(explanation.evidence)))
    for number, quote in cited.items():
        item = explanation.evidence[number]
        assert quote == whole[item.start : item.end]
    named = [part.tool for run in found for part in run.parts if part.tool]
    assert list(dict.fromkeys(named)) == list(dict.fromkeys(tool.name for tool in explanation.tools))


def test_a_text_that_is_very_long_is_answered_and_not_shown(sharp: Classifier) -> None:
    explanation: Explanation = replace(sharp.explain("Define SLOs"), text="a" * (LONGEST + 1))
    assert runs(explanation) == ()


def test_unsure_says_what_was_asked_for(classifier: Classifier) -> None:
    careful = replace(classifier, policy=replace(classifier.policy, min_confidence=(0.999,) * 5))
    explanation = careful.explain("Deploy the service and page somebody about pipelines")
    said = shown(explanation, careful.policy).sentence
    share = f"{100 * explanation.result.confidence:.1f} %"
    assert said.startswith("Unsure, because no role is probable enough: the best guess, ")
    assert said.endswith(f"has {share} where 99.9 % are asked for.")


def test_tools_are_shown_by_family(classifier: Classifier) -> None:
    explanation = classifier.explain("We use Terraform, Jenkins, Terraform and Prometheus")
    said = shown(explanation, classifier.policy)
    assert said.tools[FAMILIES["iac"]] == ("Terraform",)
    assert said.tools["Observability"] == ("Prometheus",)


@needs_chromium
def test_why_is_shown_with_its_parts(page: Page, sharp: Classifier) -> None:
    read(page, AD)
    explanation = sharp.explain(AD)
    why = page.locator(".why")
    marks = page.locator(".hit mark")
    assert marks.all_inner_texts() == [item.quote for item in explanation.evidence]
    assert page.locator(".text u").all_inner_texts() == ["Terraform", "Prometheus", "Python"]
    assert "<b>" not in page.locator(".text").inner_text()
    duties = page.locator(".duties li")
    assert duties.count() == len(explanation.result.responsibilities or ())
    expect(duties.first).to_contain_text(explanation.evidence[0].statement[:30])
    expect(why.locator(".quotes")).to_contain_text("We are hiring a Site Reliability Engineer")
    expect(why.locator("dl").first).to_contain_text("Infrastructure as code")
    picture(page, "why")


@needs_chromium
def test_what_would_change_it_is_quoted(page: Page, sharp: Classifier) -> None:
    text = "Define SLOs and error budgets and carry the pager. We are a bakery."
    change = sharp.explain(text).change
    assert change is not None
    read(page, text)
    quotes = page.locator("#answer .card").first.locator(".quotes q")
    assert quotes.all_inner_texts() == [span.quote for span in change.segments]
    expect(page.locator("#answer .card").first).to_contain_text("Without this sentence the best guess would be")


@needs_chromium
def test_a_statement_is_read_by_pointer_and_by_keyboard(page: Page, sharp: Classifier) -> None:
    read(page, AD)
    first = sharp.explain(AD).evidence[0]
    said = page.locator(".said").first
    expect(said).to_be_hidden()
    page.locator(".hit mark").first.hover()
    expect(said).to_be_visible()
    expect(said).to_contain_text(first.statement)
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()
    page.mouse.move(0, 0)
    page.locator("#final").focus()
    for _ in range(2):  # past the button of the correction, to the first mark
        page.keyboard.press("Tab")
    button = page.locator(".cite").first
    expect(button).to_be_focused()
    expect(said).to_be_visible()
    described = f"{first.responsibility} {first.statement} {100 * first.strength:.1f} % sure"
    expect(button).to_have_accessible_description(described)
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()
    page.locator(".duties a").last.click()
    expect(page.locator(".said:visible")).to_have_count(1)


@needs_chromium
def test_a_statement_is_read_by_tapping_on_a_phone(browser: Browser, explaining: str) -> None:
    with watched(browser, explaining, color_scheme="dark", **PHONE) as page:
        read(page, AD)
        page.locator(".hit mark").first.tap()
        expect(page.locator(".said").first).to_be_visible()
        box = page.locator(".said").first.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        picture(page, "why-phone-dark")


@needs_chromium
@pytest.mark.parametrize("script", [True, False])
def test_nothing_in_an_ad_runs_and_it_is_shown_as_text(browser: Browser, explaining: str, script: bool) -> None:
    context = browser.new_context(base_url=explaining, java_script_enabled=script)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Text", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#answer h2")).to_be_visible()
    assert "taken" not in page.title()
    assert page.locator("#answer :is(script, img, svg[onload], a[href^=javascript])").count() == 0
    expect(page.locator(".text")).to_contain_text("Define SLOs and error budgets")
    context.close()


@needs_chromium
def test_a_part_that_was_not_escaped_would_not_run_either(browser: Browser, explaining: str) -> None:
    answer = f'<div class="card" onclick="1"><h2 tabindex="-1">{HOSTILE}<iframe src="/"></iframe></h2></div>'
    page = browser.new_page(base_url=explaining)
    page.goto("/")
    page.route("**/", lambda route: route.fulfill(body=answer, content_type="text/html"))
    read(page, "anything")
    assert page.title() != "taken"
    left = page.locator("#answer").evaluate(
        "part => [...part.querySelectorAll('*')].flatMap(one => [one.localName, ...one.getAttributeNames()])"
    )
    assert set(left) == {"div", "class", "h2", "tabindex", "svg", "a"}
    expect(page.locator("#answer")).to_contain_text("Define SLOs and error budgets")
    page.close()


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing_serious(browser: Browser, explaining: str, scheme: str, size: str) -> None:
    with watched(browser, explaining, color_scheme=scheme, **(PHONE if size == "phone" else {})) as page:
        assert faults(page) == []
        read(page, AD)
        page.locator(".cite").first.focus()
        page.locator("details summary").click()
        assert faults(page) == []
        read(page, "Help")
        assert faults(page) == []
