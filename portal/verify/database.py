"""The triggers that must be in the database, and the posts that exclude each other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db import connection

from portal import (
    access_triggers,
    counting_triggers,
    fence,
    filing_triggers,
    post_triggers,
    public_changes,
    search_triggers,
)
from portal.models import Membership
from portal.vocabulary import ADMIN_ROLES, JOINT_KINDS, Role

GUARDS = {
    "sqlite": {
        "portal_event_no_update",
        "portal_event_no_delete",
        "portal_filingversion_no_update",
        "portal_filingversion_no_delete",
        "portal_filing_begins",
        "portal_filing_state",
    },
    "postgresql": {
        "portal_event_no_change",
        "portal_filingversion_no_change",
        "portal_filingversion_no_update",
        "portal_filing_begins",
        "portal_filing_state",
    },
}
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def missing_guards() -> Iterator[str]:
    """Yield each trigger (guards, public changes, counts) that the database lacks or has switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS[connection.vendor])
        present = {name for (name,) in cursor.fetchall()}
    wanted = GUARDS[connection.vendor] | public_changes.triggers(connection.vendor)
    wanted |= access_triggers.NAMES | post_triggers.NAMES | search_triggers.NAMES
    wanted |= counting_triggers.NAMES[connection.vendor] | filing_triggers.names(connection.vendor)
    for name in sorted(wanted - present):
        yield f"数据库缺少触发器 {name}。"
    yield from fence.faults(connection)


def of_posts(posts: Iterable[Membership]) -> Iterator[str]:
    """Yield the people whose posts exclude each other, and joint posts outside the joint departments."""
    held: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        held[post.user.username].add(post.role)
        if (post.role == Role.JOINT_REVIEWER) != (post.organisation.kind in JOINT_KINDS):
            yield f"岗位 {post.pk}：会商岗位与单位性质不符。"
    for username, roles in sorted(held.items()):
        if len(roles) > 1 and roles & set(ADMIN_ROLES):
            yield f"账号 {username} 兼任互斥的岗位：{'、'.join(sorted(roles))}。"
