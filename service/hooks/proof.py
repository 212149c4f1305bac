"""Does a delivery come from who it says? Compared in a time that does not depend on where the difference is."""

from __future__ import annotations

import hashlib
import hmac

from service.problems import Problem


def check_signature(body: bytes, given: str | None, secret: str) -> None:
    """Raise Problem 401 unless ``given`` is the HMAC-SHA256 of the body, as GitHub writes it."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    _compare("X-Hub-Signature-256", "the signature of this body with the secret", given, wanted)


def check_token(given: str | None, secret: str) -> None:
    """Raise Problem 401 unless ``given`` is the secret, as GitLab sends it."""
    _compare("X-Gitlab-Token", "the secret token", given, secret)


def _compare(header: str, allowed: str, given: str | None, wanted: str) -> None:
    # Headers are bytes that were read as Latin-1: back to the bytes, for the secret may be any text.
    if given is None or not hmac.compare_digest(given.encode("latin-1"), wanted.encode()):
        got = "none" if given is None else "another"
        challenge = {"WWW-Authenticate": f'{header} realm="rolecall"'}
        raise Problem(401, f"{header}: must be {allowed}, got {got}", headers=challenge)
