"""The backup of the night: one however many beats ask, and a word to who administers when there is none."""

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from portal import notify
from portal.backups import contents
from portal.backups.making import make
from portal.models import Membership, Message
from portal.vocabulary import Role, Topic

A_NIGHT = timedelta(hours=12)
FAILED = "夜间备份没有做成：{} 已有的备份都在；处理后可执行 manage.py backup 补做。"
NO_WAY = "存放备份的文件夹不能写入（{}）。"

logger = logging.getLogger(__name__)


def nightly() -> None:
    """Make a backup unless the last one is of this night; tell the system administrators when it fails."""
    last = contents.newest(settings.BACKUPS)
    if last and timezone.now() - parse_datetime(last.manifest["made_at"]) < A_NIGHT:
        return
    try:
        make(settings.BACKUPS, settings.BACKUPS_KEPT)
    except contents.Unusable as reason:
        _failed(str(reason))
    except OSError as error:
        _failed(NO_WAY.format(error.strerror or error))


def _failed(reason: str) -> None:
    logger.error("No backup was made: %s", reason)
    tell_administrators(FAILED.format(reason))


def tell_administrators(sentence: str) -> None:
    """Leave a message to everybody who administers the system."""
    people = Membership.objects.current().filter(role=Role.SYSTEM_ADMIN, user__is_active=True)
    notify.deliver(
        Message(user_id=user, topic=Topic.OTHER, text=sentence[:400], created_at=timezone.now())
        for user in people.order_by("user_id").values_list("user_id", flat=True).distinct()
    )
