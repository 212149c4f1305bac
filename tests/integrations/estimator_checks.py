"""scikit-learn's own checks of an estimator, none left out. Run by ``test_sklearn.py`` in a process of their own."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from classifier.integrations.sklearn import RoleClassifier


@parametrize_with_checks([RoleClassifier(), RoleClassifier(words=1, class_weight="balanced")])  # type: ignore[untyped-decorator]  # scikit-learn has no types
def test_the_estimator_keeps_the_contract(estimator: Any, check: Any) -> None:
    check(estimator)
