"""What the tests of the page share: the browser, pictures of what it shows, and what axe says of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CHROMIUM: Final = shutil.which("chromium")
ARGUMENTS: Final = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
"""How a browser on a small phone is."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where the environment says to."""
    if folder := os.environ.get("ROLECALL_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def faults(page: Page) -> list[str]:
    """Return what axe finds on a page that is serious or critical, each with its first place."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {fault['nodes'][0]['target']}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
    ]
