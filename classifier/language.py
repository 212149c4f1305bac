"""The only door to py3langid: is a doubtful text English?"""

from __future__ import annotations

from typing import Final

SAMPLE: Final = 4000
"""Characters that are looked at; more say nothing new and cost time."""


def is_english(text: str) -> bool:
    """Tell whether a text is English, or in no language at all (code, identifiers)."""
    import py3langid  # loads its model on the first doubtful text, 0.5 s

    language, _ = py3langid.classify(text[:SAMPLE])
    return language in {"en", "zxx"}
