"""The administration, closed by default: what a person may see and do there follows from the posts held.

Only what is registered on ``site`` exists; Django's own permissions open nothing.
"""

from portal.admin import accounts, audit, campaigns, desk, jobs, notices, records, targets
from portal.admin.base import site

__all__ = ["accounts", "audit", "campaigns", "desk", "jobs", "notices", "records", "site", "targets"]
