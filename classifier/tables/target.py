"""Where bytes go: beside the final name until they are whole, with a note to go on from.

The unfinished file is ``.NAME.partial`` and the note ``.NAME.partial.json``, in the folder of
the final name. The note says what was being done, how far the input was read and how many
bytes were written for that; it is renewed only after those bytes are safe on disk.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol

from classifier.errors import OutputError, UsageError
from classifier.tables.formats import STANDARD

STEP: Final = 8 << 20
"""Bytes between two hints to the system that what was written will not be read."""

RECENT: Final = 32 << 20
"""Bytes that each hint covers: those of the last step start on their way to the disk, the earlier ones leave memory."""


class Target(Protocol):
    """A place for output."""

    file: IO[bytes]
    name: str
    size: int

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""

    def keep(self, note: dict[str, Any]) -> None:
        """Make what was written safe, and note how to go on after its first ``output_bytes``."""

    def finish(self) -> None:
        """Give the output its final name."""

    def abandon(self, *, keep: bool) -> dict[str, Any] | None:
        """Let go; return the note to go on from: only if ``keep``, None if there is none.

        Nothing stands under the final name.
        """


def open_target(name: str) -> Target:
    """Open the place that ``name`` says; raise OutputError where that is not possible."""
    return Stream(name) if is_stream(name) else Partial(Path(name))


def is_stream(name: str) -> bool:
    """Whether a name is that of standard output, a pipe or a device."""
    path = Path(name)
    return name == STANDARD or (path.exists() and not path.is_file() and not path.is_dir())


def check_place(name: str) -> None:
    """Raise OutputError where there can be no file of this name: it is a folder, or its folder is missing."""
    path = Path(name)
    if path.is_dir():
        raise OutputError(f"{name}: must be a file, got a folder. Give -o the name of a file, in it or elsewhere")
    if not path.parent.is_dir():
        raise OutputError(f"{name}: must be in a folder that is there, got {str(path.parent)!r}. Make it first")


class Stream:
    """Standard output, a pipe or a device: what is written is gone."""

    def __init__(self, name: str) -> None:
        self.name, self.size = name, 0
        with said(name):
            self.file: IO[bytes] = sys.stdout.buffer if name == STANDARD else open(name, "wb")

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        self.file.write(data)
        self.size += len(data)

    def keep(self, note: dict[str, Any]) -> None:
        """Do nothing: a stream cannot be gone on with."""

    def finish(self) -> None:
        """Send what is waiting, and let go of what was opened here."""
        self.file.flush()
        if self.name != STANDARD:
            self.file.close()

    def abandon(self, *, keep: bool) -> dict[str, Any] | None:
        """Let go; there is nothing to go on with."""
        if self.name != STANDARD:
            with suppress(OSError):
                self.file.close()
        return None


class Partial:
    """A file that gets its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._final = Path(os.path.realpath(path))
        self._partial = self._final.with_name(f".{self._final.name}.partial")
        self._note = self._final.with_name(f".{self._final.name}.partial.json")
        self._started, self._kept, self.size = False, False, 0
        with said(self.name):
            self.file: IO[bytes] = open(os.open(self._partial, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        if not _locked(self.file):
            self.file.close()
            raise UsageError(f"{path}: is being written by another run. Wait for it or give -o another name")

    def note(self) -> dict[str, Any] | None:
        """Return the note of an earlier run that was broken off; None if there is none to go on from."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            size = int(note["output_bytes"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return note if size <= os.fstat(self.file.fileno()).st_size else None

    def start(self, size: int) -> None:
        """Keep the first ``size`` bytes of the earlier run, and write on after them."""
        if not size:
            self._note.unlink(missing_ok=True)
        self._started, self._kept, self.size = True, size > 0, size
        self.file.truncate(size)
        self.file.seek(size)

    def write(self, data: bytes) -> None:
        """Add bytes at the end; what lies further back leaves the system's memory."""
        steps = self.size // STEP
        self.file.write(data)
        self.size += len(data)
        if self.size // STEP > steps:
            _passed(self.file, self.size)

    def keep(self, note: dict[str, Any]) -> None:
        """Make what was written safe, and note how to go on after its first ``output_bytes``."""
        self.file.flush()
        os.fsync(self.file.fileno())
        fresh = self._note.with_name(f"{self._note.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(note, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._note)
        _sync_folder(self._final.parent)
        self._kept = True

    def finish(self) -> None:
        """Give the output its final name."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self._partial.replace(self._final)
        self._note.unlink(missing_ok=True)
        _sync_folder(self._final.parent)
        self.file.close()

    def abandon(self, *, keep: bool) -> dict[str, Any] | None:
        """Let go; what was noted stays for a later run if ``keep``, anything else is removed."""
        note = self.note() if keep and self._kept else None
        with suppress(OSError):
            if self._started and note is None:
                self._partial.unlink(missing_ok=True)
                self._note.unlink(missing_ok=True)
            self.file.close()
        return note


@contextmanager
def said(name: str) -> Iterator[None]:
    """Turn what the system says of an output into one line; a closed pipe is left to the command line."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            message = f"{name}: the disk is full. Free some space and try again"
        else:
            message = f"{name}: cannot be written ({error.strerror or error}). Check the folder and its permissions"
        raise OutputError(message) from None


def _locked(file: IO[bytes]) -> bool:
    """Hold the unfinished file alone, where the system can say so; the lock ends with the process."""
    try:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return True  # a system, or a file system, without locks
    return True


def _passed(file: IO[bytes], size: int) -> None:
    """Tell the system, where it listens, that the end of a file of ``size`` bytes will not be read soon.

    It starts to write these bytes to the disk, and needs no fresh memory for those that come: on virtual machines
    that costs more than all else we do, and it would push out what others read.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), max(0, size - RECENT), RECENT, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder safe on disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
