from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given, settings

from classifier.explain.page import page
from classifier.pipeline import Classifier
from tests.texts import messy

OPEN = {"meta", "br", "link", "img", "input"}


class Checked(HTMLParser):
    """Reads a page and keeps its text; fails on a tag that is not closed, on scripts and on anything from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "link", "img", "iframe", "object"}
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag not in OPEN:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(classifier: Classifier, text: str, title: str | None = None) -> str:
    made = page(classifier.explain(text, title=title))
    checked = Checked()
    checked.feed(made)
    checked.close()
    assert checked.stack == []
    assert "url(" not in made
    return " ".join("".join(checked.text).split())


def test_the_page_shows_text_answer_and_reasons(classifier: Classifier) -> None:
    text = (
        "We are hiring a Site Reliability Engineer.\nLead the response to incidents & review them.\nWe run Kubernetes."
    )
    shown = read(classifier, text, title="SRE")
    assert "Lead the response to incidents & review them." in shown
    assert "Documented responsibilities" in shown
    assert re.search(r"Why \w+ and not \w+: [+-]\d+\.\d\d", shown)
    assert "orchestration" in shown


def test_markup_of_the_text_is_not_markup_of_the_page(classifier: Classifier) -> None:
    read(classifier, "<script>alert(1)</script><b onclick='x'>Lead incidents and review them</b> \"quoted\" <unclosed")


@settings(deadline=None, max_examples=40)
@given(text=messy)
def test_any_text_makes_a_whole_page(classifier: Classifier, text: str) -> None:
    read(classifier, text)
