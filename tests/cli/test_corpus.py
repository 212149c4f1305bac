from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifier.cli.lint import Checked, verdict
from classifier.training import Corpus, read_corpus
from classifier.training.check import Finding
from tests.cli.conftest import Run


def test_the_corpus_is_described(run: Run) -> None:
    done = run("corpus")
    assert (done.code, done.err) == (0, "")
    assert "role " in done.out
    assert "sre-1" in done.out
    assert "facts: " in done.out


def test_another_folder_can_be_described(run: Run, folder: Path) -> None:
    assert ", 1 examples\n" in run("corpus", "--corpus", folder).out


def test_faults_are_printed_and_exit_1(run: Run, folder: Path) -> None:
    done = run("corpus", "check", "--corpus", folder)
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert "fault: corpus/examples/a.jsonl:1: holds a web address, 'www.e'. Take it out" in lines
    assert lines[-1].startswith("1 examples: ")


def test_a_line_that_breaks_the_rules_is_one_line_and_exit_2(run: Run, folder: Path) -> None:
    (folder / "examples" / "a.jsonl").write_text('{"text": "x", "role": "boss"}\n')
    done = run("corpus", "check", "--corpus", folder)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "rolecall: corpus/examples/a.jsonl:1: 'role' must be one of devops, sre, platform, cloud, none, got 'boss'. "
        "Correct it\n"
    )


def test_the_verdict_sums_up(corpus: Corpus) -> None:
    five = replace(corpus, examples=corpus.examples[:5])
    assert verdict(Checked(five, [])) == "5 examples: 0 faults, 0 remarks. The corpus is good"
    found = [Finding("x", "y"), Finding("x", "z", fault=False)]
    assert verdict(Checked(five, found)) == "5 examples: 1 faults, 1 remarks"


def test_what_was_found_can_be_json(run: Run, folder: Path) -> None:
    done = run("corpus", "check", "--corpus", folder, "--json")
    assert (done.code, done.err) == (1, "")
    found = json.loads(done.out)
    assert (found["examples"], found["corpus"]) == (1, read_corpus(folder).hash)
    assert found["faults"] + found["remarks"] == len(found["findings"])
    place, what = "corpus/examples/a.jsonl:1", "holds a web address, 'www.e'. Take it out"
    assert {"place": place, "what": what, "fault": True} in found["findings"]
    assert found.keys().isdisjoint({"deep", "unseen"})


WORDS = {"sre": "pager outage alert rota", "cloud": "bucket subnet account bill", "none": "nurse patient ward care"}


@pytest.fixture
def labelled(folder: Path) -> Path:
    """A small corpus of three roles, with one wrong label; all others of a role are of nearly the same words."""
    lines = [
        {"text": f"{words} in the {place} office", "role": role}
        for role, words in WORDS.items()
        for place in "oslo bergen malmo turku riga gdansk lund tartu".split()
    ]
    lines.append({"text": "The pager of the outage rota has no alert", "role": "cloud"})
    (folder / "examples" / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_deep_names_a_wrong_label_its_neighbour_and_close_groups(run: Run, labelled: Path) -> None:
    plain = run("corpus", "check", "--corpus", labelled)
    done = run("corpus", "check", "--corpus", labelled, "--deep", "--limit", 1)
    assert (plain.code, done.code) == (1, 1), "too few examples, with and without"
    assert [line for line in done.err.splitlines() if not line.startswith("rolecall: checking: ")] == []
    assert len(done.err.splitlines()) >= 3
    lines = done.out.splitlines()
    start = lines.index("examples that read like another role to all others: 1")
    assert lines[:start] == plain.out.splitlines()[:-1]
    wrong, shares, near = lines[start + 1 : start + 4]
    assert wrong == "  corpus/examples/a.jsonl:25: The pager of the outage rota has no alert"
    assert "then sre " in shares
    assert near.startswith("    nearest of sre (0.")
    assert "examples that lose most without themselves: 25, the first 1" in lines
    assert lines.count(wrong) == 3, "it loses most, and the others would gain most"
    group = lines[lines.index("groups of nearly the same words: 3, the first 1") + 1 : -1]
    assert len(group) == 9
    assert group[0].startswith("  likeness 0.")
    assert lines[-1] == plain.out.splitlines()[-1]


def test_deep_json_holds_as_many_as_are_asked_for(run: Run, labelled: Path) -> None:
    done = run("corpus", "check", "--corpus", labelled, "--deep", "--limit", 100, "--json", "--no-remarks")
    found = json.loads(done.out)["deep"]
    assert {name: each["found"] for name, each in found.items() if name != "close"} == {
        "doubtful": 1, "own": 25, "others": 25,
    }  # fmt: skip
    assert len(found["own"]["first"]) == 25
    doubt = found["doubtful"]["first"][0]
    assert doubt["influence"] == found["own"]["first"][0]
    assert doubt["influence"]["example"]["place"] == "corpus/examples/a.jsonl:25"
    assert doubt["influence"]["instead"] == doubt["near"]["role"] == "sre"
    groups = [{example["role"] for example in group["examples"]} for group in found["close"]["first"]]
    assert sorted(groups, key=min) == [{"cloud"}, {"none"}, {"sre"}]
    cut = json.loads(run("corpus", "check", "--corpus", labelled, "--deep", "--limit", 2, "--json").out)["deep"]
    assert cut["own"]["first"] == found["own"]["first"][:2]


def test_deep_finds_nothing_in_one_role(run: Run, folder: Path) -> None:
    found = json.loads(run("corpus", "check", "--corpus", folder, "--deep", "--json").out)["deep"]
    nothing = {"found": 0, "first": []}
    assert found == {"doubtful": nothing, "own": nothing, "others": nothing, "close": nothing}


def test_words_of_a_file_that_the_corpus_lacks_are_named(run: Run, labelled: Path, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("id,words\n1,Flibber the pager\n2,Flibber wozzle flibber 2024\n3,\n")
    table = tmp_path / "own.csv"
    done = run("corpus", "check", "--corpus", labelled, "--file", table, "--text-column", "words", "--limit", 1)
    assert done.code == 1, "the corpus has faults"
    assert done.err == f"rolecall: {table}: text from column 'words'\n"
    lines = done.out.splitlines()
    assert "33.3% of 6 words in 3 texts are in the corpus; 1 texts have more that are not" in lines
    title = lines.index("words that the corpus has never seen: 2, the first 1")
    assert lines[title + 1].split() == ["flibber", "3", "times", "in", "2", "texts"]
    given = ("corpus", "check", "--corpus", labelled, "--file", "-", "--text-column", "words", "--json")
    found = json.loads(run(*given, given=table.read_bytes()).out)["unseen"]
    assert found["words"] == {
        "found": 2,
        "first": [{"word": "flibber", "count": 3, "texts": 2}, {"word": "wozzle", "count": 1, "texts": 1}],
    }
    assert (found["texts"], found["running"], found["seen"], found["strange"]) == (3, 6, 2, 1)


@pytest.mark.parametrize(
    "options, said",
    [
        (["--text-column", "words"], "--text-column: needs --file, got none. Name the table: --file FILE"),
        (["--file", "nowhere.csv"], "nowhere.csv"),
        (["--file", "own.csv", "--text-column", "body"], "own.csv: --text-column"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_exit_2(
    run: Run, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.csv").write_text("id,words\n1,Flibber\n")
    done = run("corpus", "check", "--corpus", labelled, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


FIRST = "We are looking for a site reliability engineer who tunes alert rules"
OTHER = "As a nurse you work with patients, not with our devops team"


def ads(count: int) -> str:
    """Ads of many employers: no two share a run of twelve words."""
    lines = ["text,role,near,fold"]
    for number in range(count):
        lines.append(f"employer{number} {FIRST} number{number},sre,,{number % 2}")
        lines.append(f'"employer{number} {OTHER} number{number}",none,False,{number % 2}')
    return "\n".join(lines) + "\n"


def test_facts_are_counted_into_the_corpus(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(ads(20))
    done = run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--least", 5)
    assert done.code == 0, done.err
    assert done.out.startswith("counted 40 texts: 20 sre, 20 none:far\n")
    facts = read_corpus(folder).facts
    counts = {term.text: term.counts for term in facts.terms}
    assert facts.classes == ("sre", "none:far")
    assert counts["alert rules"] == (20, 0)
    assert counts["patients"] == (0, 20)
    assert not any("employer1" in term or "reliability" in term for term in counts)
    cues = {cue.text: cue.counts for cue in facts.cues}
    assert cues["before2 looking for"] == (20, 0)


def test_one_fold_alone_can_be_counted(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(ads(20))
    done = run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--fold", 1, "--least", 5)
    assert done.out.startswith("counted 20 texts: 10 sre, 10 none:far\n")


def test_terms_of_too_few_employers_are_not_kept(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(ads(4))
    run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--least", 5)
    assert read_corpus(folder).facts.terms == ()


def test_a_table_without_folds_is_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("text,role\nx,sre\n")
    done = run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--fold", 1)
    assert done.code == 2
    assert done.err == f"rolecall: {tmp_path / 'ads.csv'}: --fold needs a column 'fold', got text, role. Leave it out\n"


@pytest.mark.usefixtures("model_folder")
def test_a_responsibility_is_shown(run: Run) -> None:
    done = run("corpus", "show", "sre-2", "--examples", "3")
    assert done.code == 0
    first, second, *examples, terms = done.out.splitlines()
    assert first.startswith("sre-2: Agree on service level objectives")
    assert " examples: " in second
    assert len(examples) == 3
    assert "error budget" in terms or "slo" in terms
    wrong = run("corpus", "show", "sre-9")
    assert wrong.code == 2
    assert "got 'sre-9'" in wrong.err
