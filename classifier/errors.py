"""One tree of errors, raised in the core and turned into one line at each edge.

::

    RolecallError
    +-- UsageError        a wrong option, column, name or value
    +-- InputError        a file or stream that cannot be read as what it is said to be
    +-- OutputError       a result that cannot be written
    +-- CorpusError       a corpus file that breaks the rules
    +-- ArtefactError     a model on disk that is missing, altered, foreign or too old

Every message says what, where, allowed, got, and what to do.
"""

from __future__ import annotations


class RolecallError(Exception):
    """Any error that this project raises for its users to read."""


class UsageError(RolecallError):
    """A wrong option, column, name or value."""


class InputError(RolecallError):
    """A file or stream that cannot be read as what it is said to be."""


class OutputError(RolecallError):
    """A result that cannot be written."""


class CorpusError(RolecallError):
    """A corpus file that breaks the rules."""


class ArtefactError(RolecallError):
    """A model on disk that is missing, altered, foreign or too old."""
