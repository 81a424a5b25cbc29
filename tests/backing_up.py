"""What tests of backups share: data with everything that must not start again, and a look at all of it."""

from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from portal import notify, public_changes
from portal.models import Delivery, Job, Message, User
from portal.vocabulary import Channel, Topic
from tests import factories
from tests.dumping import dump

#: Tables that a restore writes to: what was under way is held back and told.
SETTLED = {"portal_job", "portal_message", "portal_delivery", "portal_publicchange"}


def plant() -> User:
    """Plant an entry, a filing with its files, a session, a queued job, a mail that waits; return whose."""
    factories.entry("building-units", name="演示甲公司")
    factories.submitted("city-training-brands")
    user = factories.filer()
    Session.objects.create(session_key="k" * 32, session_data="", expire_date=timezone.now())
    Job.objects.create(kind="report", title="演示报表", requested_by=user)
    told = Message(user=user, topic=Topic.OTHER, text="演示消息", created_at=timezone.now())
    (message,) = notify.deliver([told])
    Delivery.objects.create(user=user, channel=Channel.MAIL, message=message)
    return user


def lasting() -> dict[str, list[dict]]:
    """Return every row but those that a restore settles."""
    return {table: rows for table, rows in dump().items() if table not in SETTLED}


def token() -> str:
    """Return the token of the public content."""
    return public_changes.token(connection)


def store(name: str, content: bytes) -> str:
    """Put a file into the store that no row knows."""
    return default_storage.save(name, ContentFile(content))


def stored() -> dict[str, bytes]:
    """Return every file of the folder that uploads lie in."""
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
