"""Backups of the whole portal: database, stored files and what both must be, made while it works on.

A backup is a folder: ``manifest.json``, ``files.jsonl``, ``database/…``, ``files/…``, ``audit/…``. It is made
under a hidden name, written through and renamed, so that what has its name is whole. A file that has not
changed since the backup before is a second name of the same bytes, so that each backup is complete by itself.
"""

from portal.backups.contents import Backup, Unusable, kept, newest
from portal.backups.making import make
from portal.backups.nightly import nightly
from portal.backups.restoring import check, restore

__all__ = ["Backup", "Unusable", "check", "kept", "make", "newest", "nightly", "restore"]
