"""Names of columns: guessed, found, moved aside, told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import UsageError
from classifier.tables import columns

NAMES = st.lists(st.sampled_from(["role", "error", "role_input", "text", "text_2", "", "column_2"]), max_size=8)


@pytest.mark.parametrize(
    "names, place",
    [
        (["id", "text"], 1),
        (["summary", "description"], 1),
        (["Job Description", "id"], 0),
        (["JOB-DESCRIPTION"], 0),
        (["body", "text"], 1),
        ([" Content "], 0),
    ],
)
def test_texts_are_guessed_by_name(names: list[str], place: int) -> None:
    """The likeliest name wins, in any case and with any blanks."""
    assert columns.guess_text(names, "x") == place


def test_a_column_is_not_text_and_title() -> None:
    """What holds the texts is no title."""
    assert columns.guess(["title", "text"], columns.TITLE_NAMES, 0) is None
    assert columns.guess(["title", "subject"], columns.TITLE_NAMES, 0) == 1


def test_a_column_is_found() -> None:
    """By its name, then by its name in another case, then by its number."""
    assert columns.find(["Text", "text", "2"], "text", "--x", "w") == 1
    assert columns.find(["Text", "b"], "text", "--x", "w") == 0
    assert columns.find(["a", "b", "2"], "2", "--x", "w") == 2
    assert columns.find(["a", "b"], "2", "--x", "w") == 1
    for wanted in ("0", "3", "c", ""):
        with pytest.raises(UsageError, match=r"^w: --x must be one of its columns \(a, b\), got"):
            columns.find(["a", "b"], wanted, "--x", "w")


def test_names_are_listed_on_one_line() -> None:
    """Odd ones as Python shows them, long ones cut."""
    assert columns.listed(["a\n", "", "x" * 100]) == f"'a\\n', '', {'x' * 37}..."
    assert columns.listed([]) == "no columns"


@given(NAMES)
def test_names_beside_ours(names: list[str]) -> None:
    """None is ours; those that were not ours stay; none that was moved meets another."""
    ours = ["role", "error"]
    moved = columns.beside(names, ours)
    assert not set(moved) & set(ours)
    fresh = [new for old, new in zip(names, moved, strict=True) if old != new]
    assert len(set(fresh)) == len(fresh)
    assert not set(fresh) & set(names)
    assert [new for old, new in zip(names, moved, strict=True) if old not in ours] == [
        name for name in names if name not in ours
    ]


@given(NAMES)
def test_distinct_names(names: list[str]) -> None:
    """All are different and none is empty; the first of each name keeps it."""
    told = columns.distinct(names)
    assert len(set(told)) == len(told) == len(names)
    assert all(told)
    for name in set(names) - {""}:
        assert told[names.index(name)] == name
