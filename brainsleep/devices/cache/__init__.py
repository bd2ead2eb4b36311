"""Where compiled programs are kept: built once, by one process, and never found half finished.

A program lies in a folder named after everything its code depends on, its key. Beside what it
needs to run, the folder holds a record of what was built and the digest of every file, so that
damage is noticed before a launch and repaired by building again.

Processes keep out of each other's way with locks of the operating system, which end with the
process that holds them, however it ends:

- ``KEY.lock`` is held by the process that builds a program; others wait for it.
- The program itself is held, shared, by every process that may launch it; a process that wants to
  remove it notices that and leaves it.

Folders appear and disappear only by being renamed. ``building-KEY-…`` and ``removing-KEY-…`` are
folders on their way in and out; those of a process that was killed are removed at the next build.
Programs are run, so nobody else may be able to put one here: the folder and all above it are this
user's or root's and nobody else can write there, no link is followed, and records are signed with a
secret of this user's. What lies in the folder is then changed by nobody between being checked and
being run.

On file systems without locks two processes may build the same program, which costs time and
nothing else, and what was used within a day is assumed to be in use.

`folder` says where the cache is and how large it may get, `programs` says what a finished program
is, `signing` who recorded it, `obtaining` finds or builds one, and
`clearing` lists and removes them.
"""

from .clearing import Entry, Removal, clear, list_programs
from .folder import cache_directory, cache_path, size_limit
from .obtaining import Found, obtain
from .programs import MANIFEST, PROGRAM, RECORD, SOURCES, Program, sign

__all__ = [
    "MANIFEST",
    "PROGRAM",
    "RECORD",
    "SOURCES",
    "Entry",
    "Found",
    "Program",
    "Removal",
    "cache_directory",
    "cache_path",
    "clear",
    "list_programs",
    "obtain",
    "sign",
    "size_limit",
]
