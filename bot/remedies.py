"""What whoever runs the bot can do about an error of the disk or of the database: half a sentence, to be appended."""

from __future__ import annotations

import errno
import sqlite3

_FULL = "the disk is full: free some space there, or name another folder under storage.folder"
_READ_ONLY = (
    "it may not be written: give the bot's user write access there, or name another folder under storage.folder"
)
_LOCKED = "another program holds it: end that (a second bot, a backup, an open database browser) and try again"
_DAMAGED = "it is damaged: bring back a backup with `storydesk restore FILE --replace`"

_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOTDIR: "a file stands where a folder is wanted: name another one under storage.folder",
    errno.EEXIST: "a file stands where a folder is wanted: name another one under storage.folder",
    errno.EMFILE: "too many files are open: raise the limit (LimitNOFILE= in systemd, `ulimit -n` in a shell)",
}
_BY_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_CANTOPEN": "the folder is missing or may not be written: see storage.folder, and who owns that folder",
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}


def remedy(error: BaseException) -> str:
    """Return what to do about `error`; empty where nothing is known that would help."""
    if isinstance(error, sqlite3.Error):
        name = str(getattr(error, "sqlite_errorname", ""))
        return next((told for key, told in _BY_SQLITE.items() if name == key or name.startswith(f"{key}_")), "")
    if isinstance(error, OSError) and error.errno is not None:
        return _BY_ERRNO.get(error.errno, "")
    return ""


def with_remedy(text: str, error: BaseException) -> str:
    """Return "text; remedy.", or "text." where there is none."""
    told = remedy(error)
    return f"{text}; {told}." if told else f"{text}."
