"""Logs as JSON, one object a line on standard error; never a text that was sent."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

FIELDS: Final = ("request_id", "method", "route", "status", "ms", "key", "fault", "place", "job", "rows", "delivery")
"""What a line may carry beside its message."""


class JsonLines(logging.Formatter):
    """Formats records as JSON; of exceptions only the type and the places, for messages may quote a text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            line["fault"] = record.exc_info[0].__name__
            line["place"] = places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def places(error: BaseException | None) -> str:
    """Return where an error passed, innermost last, without what it says."""
    found, trace = [], error.__traceback__ if error is not None else None
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return " > ".join(found[-8:])


def configure(level: str) -> None:
    """Send all logs of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").disabled = True  # ours says more, and never a text
    logging.getLogger("alembic").setLevel(logging.WARNING)
