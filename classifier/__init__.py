"""Say which operations role a text belongs to, how sure that is, and why.

>>> from classifier import load
>>> roles = load()
>>> roles.classify("Define SLOs and run blameless postmortems.").role
'sre'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifier.errors import ArtefactError, CorpusError, InputError, OutputError, RolecallError, UsageError
from classifier.records import RESPONSIBILITIES, ROLES, Policy, Result

if TYPE_CHECKING:
    from classifier.pipeline import Classifier

__version__ = "0.1.0"

__all__ = [
    "RESPONSIBILITIES",
    "ROLES",
    "ArtefactError",
    "CorpusError",
    "InputError",
    "OutputError",
    "Policy",
    "Result",
    "RolecallError",
    "UsageError",
    "load",
]


def load(name: str | None = None, *, policy: str | None = None) -> Classifier:
    """Load a model by name; the default one is trained first if there is none yet.

    ``policy`` names one that ``rolecall tune`` made for the model; without it the model's own decides.

    Raises :class:`ArtefactError` where the model on disk cannot be trusted, and
    :class:`UsageError` where no model, or no policy of it, has that name.
    """
    from classifier.opening import open_classifier

    return open_classifier(name, policy=policy)
