from __future__ import annotations

from pathlib import Path

import pytest

from classifier.errors import CorpusError
from classifier.explain.evidence import spans
from classifier.explain.segments import cut
from classifier.explain.tools import read_tools, tools
from classifier.model import Texts


def named(text: str) -> list[str]:
    return [tool.name for tool in tools(text, spans(text, cut(Texts.of([text]))))]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("CI in Jenkins, GitHub Actions and gitlab-ci", ["Jenkins", "GitHub Actions", "GitLab CI"]),
        ("k8s/Terraform/AWS,Azure", ["Kubernetes", "Terraform", "AWS", "Microsoft Azure"]),
        ("Node.js, C++, C# and .NET", ["Node.js", "C++", "C#", ".NET"]),
        ("<b>Kafka</b>|<i>Redis</i>", ["Kafka", "Redis"]),
        ("AWS Lambda behind Amazon API Gateway", ["AWS Lambda", "Amazon API Gateway"]),
        ("We go live; a vault of salt for the chef; make a helm turn; consul of Travis", []),
        ("Go above and beyond. Chef wanted: you Make pasta.", []),
        ("Experience with Python/Go", ["Python", "Go"]),
        ("Services written in Go", ["Go"]),
        ("Puppet, Chef or Salt", ["Puppet", "Chef", "Salt"]),
        ("Tools: Vault, Consul, Helm", ["HashiCorp Vault", "HashiCorp Consul", "Helm"]),
        ("Statistics in R or Python", ["R", "Python"]),
        ("R & D department, vitamin C", []),
        ("We use Docker.\nGo home early.", ["Docker"]),
    ],
)
def test_tools_are_found_and_everyday_words_are_not(text: str, expected: list[str]) -> None:
    assert named(text) == expected


def test_offsets_point_into_the_text_as_sent() -> None:
    text = "<p>\U0001f680 We run&nbsp;<b>K8s</b> &amp; cafe\u0301 Prometheus</p>"
    assert [text[tool.start : tool.end] for tool in tools(text)] == ["K8s", "Prometheus"]


def test_the_list_is_long_and_says_nothing_twice() -> None:
    families = read_tools()
    assert sum(len(members) for members in families.values()) >= 300
    forms = [
        form.rstrip("?") for members in families.values() for tool, given in members.items() for form in set(given)
    ]
    assert len(forms) == len(set(forms))
    owners: dict[str, set[str]] = {}
    for members in families.values():
        for tool, given in members.items():
            for form in given or [tool]:
                owners.setdefault(form.strip("=?").lower(), set()).add(tool)
    assert {form: tools for form, tools in owners.items() if len(tools) > 1} == {}


@pytest.mark.parametrize(
    "content, said",
    [
        ("[ci]\nJenkins = 'x'", "[ci] 'Jenkins': must be a list of forms, got 'x'"),
        ("ci = 3", "[ci] '': must be a list of forms, got None"),
        ("[ci", "is no TOML"),
    ],
)
def test_a_broken_list_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "tools.toml"
    path.write_text(content)
    with pytest.raises(CorpusError) as error:
        read_tools(path)
    assert said in str(error.value)
    with pytest.raises(CorpusError, match="is missing"):
        read_tools(tmp_path / "none.toml")


def test_a_corpus_without_a_list_uses_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLECALL_CORPUS", str(tmp_path))
    assert named("We run Kubernetes") == ["Kubernetes"]
