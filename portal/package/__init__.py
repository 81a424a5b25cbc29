"""The submission package of one bureau for one campaign: letter, overview, forms, attachments and receipt.

``find`` says what is in it, ``papers`` and ``lacking`` announce it, ``write`` makes the zip. The same
versions give the same bytes but for the time in the receipt.
"""

from portal.package.contents import Contents, find, may_read
from portal.package.notice import file_name, lacking, papers, why_not
from portal.package.writing import scratch, write

__all__ = ["Contents", "file_name", "find", "lacking", "may_read", "papers", "scratch", "why_not", "write"]
