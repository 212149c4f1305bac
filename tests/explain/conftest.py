from __future__ import annotations

import pytest

from classifier.pipeline import Classifier
from tests.sharp import sharpened


@pytest.fixture(scope="session", name="classifier")
def _sharp(classifier: Classifier) -> Classifier:
    """The small model, sure enough of responsibilities to cite them."""
    return sharpened(classifier)
