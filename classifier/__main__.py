"""``python -m classifier`` is the same as ``rolecall``."""

from __future__ import annotations

import sys

from classifier.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
