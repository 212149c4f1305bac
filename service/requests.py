"""Check the JSON of a request against its schema and the limits, and say precisely what is wrong."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.problems import Fault, Problem, refuse
from service.schemas import Asked, Item, ManyTexts, OneText
from service.settings import Settings

_ALLOWED: Final = {
    "string_type": "a string",
    "list_type": "a list",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "missing": "given",
    "string_pattern_mismatch": "without NUL",
    "extra_forbidden": "left out: there is no such field here",
}
_KINDS: Final = {str: "a string", dict: "an object", list: "a list", bool: "true or false", type(None): "null"}


def checked(data: object, settings: Settings) -> tuple[OneText | ManyTexts, list[Item]]:
    """Return what a request asks for, and its one text or its list of texts; raise Problem 422 where it has neither."""
    if not isinstance(data, dict):
        raise refuse(422, "body", "an object with 'text' or 'texts'", got(data))
    try:
        if "texts" not in data:
            one = OneText.model_validate(data)
            return one, [_within(Item(text=one.text, title=one.title), settings)]
        texts = data["texts"]
        if isinstance(texts, list) and len(texts) > settings.max_texts:
            raise refuse(422, "texts", f"a list of at most {settings.max_texts}", str(len(texts)))
        many = ManyTexts.model_validate(data)
    except ValidationError as error:
        raise problem_of(error) from None
    listed = [Item(text=item) if isinstance(item, str) else item for item in many.texts]
    for place, item in enumerate(listed):
        _within(item, settings, f"texts/{place}/")
    return many, listed


_NOTHING: Final = Asked()


def asked(request: Request) -> Asked:
    """Return what the query of a request says; raise Problem 422 where that is not allowed.

    FastAPI would read it too, but takes as long as the answer to a short text even where there is none.
    """
    if not request.scope["query_string"]:
        return _NOTHING
    try:
        given = {name: value for name, value in request.query_params.items() if name in Asked.model_fields}
        return Asked.model_validate(given, strict=False)
    except ValidationError as error:
        raise problem_of(error) from None


def _within(item: Item, settings: Settings, where: str = "") -> Item:
    for name, value in (("text", item.text), ("title", item.title or "")):
        if len(value) > settings.max_text:
            raise refuse(422, where + name, f"at most {settings.max_text} characters", str(len(value)))
    return item


def problem_of(error: ValidationError) -> Problem:
    """Return the refusal of what pydantic found wrong, in words of the first fault."""
    faults = faults_of(error)
    first = faults[0]
    return Problem(422, f"{first.where}: must be {first.allowed}, got {first.got}", faults)


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """Return what pydantic found, each place once, without the values that were sent."""
    faults: dict[str, Fault] = {}
    for found in error.errors(include_url=False, include_context=True):
        if found["loc"][-1] == "str" and isinstance(found["input"], dict):
            continue  # an object was meant, and what is wrong inside it is told
        where, allowed = _place(found)
        fault = Fault(where, allowed, "nothing" if found["type"] == "missing" else got(found["input"]))
        faults.setdefault(where, fault)
    return tuple(faults.values())


def _place(found: ErrorDetails) -> tuple[str, str]:
    """Return where a fault is and what is allowed there; the names of the schemas are no place."""
    kinds = {"str", "int", "Item", "constrained-str", "constrained-int"}
    parts = [str(part) for part in found["loc"] if part not in kinds]
    if "str" in found["loc"]:
        return "/".join(parts), "a string or an object with 'text'"
    if "constrained-str" in found["loc"]:
        return "/".join(parts), "a string of at most 200 characters or a whole number"
    return "/".join(parts), _ALLOWED.get(found["type"], found["msg"])


def got(value: Any) -> str:  # any JSON value
    """Return what was sent in a few words, never its text."""
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value}"[:60]
    return _KINDS.get(type(value), "another kind of value")
