"""A table on the page: dropped, its column chosen, scored, watched, looked at and fetched."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from classifier.pipeline import Classifier
from service.app import create_app
from service.jobs.worker import Worker
from service.settings import Settings
from tests.service.chromium import PHONE, faults, needs_chromium, picture
from tests.service.conftest import serving, watched
from tests.sharp import sharpened

pytestmark = needs_chromium

TEXT = "Define SLOs and error budgets, run blameless postmortems and carry the pager of our production."
NURSE = "<img src=x onerror=alert(1)> We seek a nurse for our ward."


@contextmanager
def working(classifier: Classifier, folder: Path) -> Iterator[str]:
    """Serve with a worker for jobs, and yield the address."""
    settings = Settings(data=folder / "data")
    app = create_app(settings, classifier)
    worker = Worker(settings, app.state.service.database, classifier)
    with serving(app) as address:
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            worker.stopping.set()
            thread.join(10)


@pytest.fixture(scope="module")
def address(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with working(sharpened(classifier), tmp_path_factory.mktemp("tables")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched(browser, address) as found:
        yield found


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "ads.csv"
    lines = [f'{n},"{TEXT}"\n{n}b,"{NURSE}"\n' for n in range(40)]
    path.write_text('id,"the words, all"\n' + "".join(lines))
    return path


def score(page: Page) -> None:
    page.get_by_role("button", name="Score it").click()


def status(page: Page, text: str) -> None:
    expect(page.locator("[data-part=status]")).to_contain_text(text, timeout=15_000)


def test_a_table_is_scored_watched_filtered_and_fetched(page: Page, table: Path, classifier: Classifier) -> None:
    page.get_by_label("File").set_input_files(table)
    score(page)
    status(page, "text_column")  # no column has a name that tells
    page.get_by_label("Column of the texts").select_option("the words, all")
    page.get_by_label("Add the responsibilities found").check()
    score(page)
    status(page, "80 rows, 0 of them")
    expect(page.get_by_role("heading", name="What is in it")).to_be_focused()
    rows = page.locator("[data-part=rows] tr")
    expect(rows).to_have_count(20)
    found = " ".join(sharpened(classifier).explain(TEXT).result.responsibilities or ())
    assert found
    expect(rows.first.locator("td").nth(2)).to_have_text(found)
    expect(page.locator("[data-part=shares] tr.sre .figure")).to_have_text("40 \u00b7 50.0 %")
    picture(page, "table")
    page.get_by_label("Show rows of").select_option("sre")
    expect(rows.filter(has_text="nurse")).to_have_count(0)
    expect(rows.first).to_contain_text("SRE")
    page.get_by_label("Show rows of").select_option("platform")
    expect(page.get_by_text("There are no such rows")).to_be_visible()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    assert fetched.value.suggested_filename == "scored.csv"
    lines = Path(fetched.value.path()).read_text().splitlines()
    assert len(lines) == 81
    assert "responsibilities" in lines[0]


def test_a_file_may_be_dropped_anywhere(page: Page) -> None:
    page.evaluate(
        """text => {
            const carried = new DataTransfer();
            carried.items.add(new File([text], "ads.csv", { type: "text/csv" }));
            for (const kind of ["dragover", "drop"]) {
                const event = new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true });
                document.querySelector("h1").dispatchEvent(event);
            }
        }""",
        f"id,words\n1,{TEXT}\n",
    )
    expect(page.get_by_label("File")).to_be_focused()
    page.get_by_label("Column of the texts").select_option("words")
    score(page)
    status(page, "Done: 1 rows")


@pytest.mark.parametrize("kind", ["csv.gz", "jsonl", "tsv"])
def test_columns_are_offered_of_each_kind(page: Page, tmp_path: Path, kind: str) -> None:
    head, row = {
        "csv.gz": ("id,words\n", "1,Hello\n"),
        "jsonl": ("", '{"id": 1, "words": "Hello"}\n'),
        "tsv": ("id\twords\n", "1\tHello\n"),
    }[kind]
    plain = (head + 90_000 * row).encode()
    path = tmp_path / f"ads.{kind}"
    path.write_bytes(gzip.compress(plain, 1) if kind.endswith(".gz") else plain)
    page.get_by_label("File").set_input_files(path)
    expect(page.locator("#column option")).to_have_text(["found by its name", "id", "words"])


def test_a_parquet_file_is_taken_and_its_column_typed(page: Page, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 2], "words": [TEXT, NURSE]}), tmp_path / "ads.parquet")
    page.get_by_label("File").set_input_files(tmp_path / "ads.parquet")
    page.get_by_label("Name of the text column").fill("words")
    score(page)
    status(page, "Done: 2 rows")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    assert fetched.value.suggested_filename == "scored.parquet"
    assert pq.read_table(fetched.value.path()).num_rows == 2


def test_a_table_is_scored_with_the_keyboard_alone(page: Page, table: Path) -> None:
    page.get_by_label("File").set_input_files(table)  # the window for files is the system's own
    page.get_by_label("File").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    status(page, "80 rows, 0 of them")
    expect(page.get_by_role("heading", name="What is in it")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Show rows of")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing_serious_in_a_scored_table(
    browser: Browser, address: str, table: Path, scheme: str, size: str
) -> None:
    with watched(browser, address, color_scheme=scheme, **(PHONE if size == "phone" else {})) as page:
        page.get_by_label("File").set_input_files(table)
        page.get_by_label("Column of the texts").select_option("the words, all")
        score(page)
        status(page, "80 rows, 0 of them")
        expect(page.locator("[data-part=rows] tr")).to_have_count(20)
        assert faults(page) == []
        assert size == "desk" or page.evaluate("document.documentElement.scrollWidth") <= 360
        picture(page, f"table-{size}-{scheme}")


def test_a_server_that_is_away_is_said(browser: Browser, classifier: Classifier, table: Path, tmp_path: Path) -> None:
    page = browser.new_page()
    with working(classifier, tmp_path) as address:
        page.goto(address)
        page.get_by_label("File").set_input_files(table)
        page.get_by_label("Column of the texts").select_option("the words, all")
        score(page)
        status(page, "80 rows, 0 of them")
    page.get_by_label("Show rows of").select_option("sre")
    status(page, "The server does not answer. Try again in a moment.")
    score(page)
    status(page, "The server does not answer. Try again in a moment.")
    page.close()
