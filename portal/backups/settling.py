"""What a restored database must not do again: jobs and outgoing messages are held back, sessions end."""

from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from portal import deliveries, public_changes
from portal.vocabulary import Topic

REASON = "系统已从备份恢复，这项作业没有再执行。需要时请重新申请。"
_WAITING = "status IN ('queued', 'running')"
_TELL = f"""INSERT INTO portal_message (user_id, topic, text, address, created_at)
    SELECT requested_by_id, %s, '“' || title || '”没有完成：' || %s,
        '/desk/jobs/' || CAST(id AS varchar(20)) || '/', %s
    FROM portal_job WHERE {_WAITING} AND requested_by_id IS NOT NULL"""


@dataclass
class Held:
    """How much was held back."""

    jobs: int = 0
    deliveries: int = 0

    @property
    def sentence(self) -> str:
        """What is told of it."""
        return (
            f"未完成的作业 {self.jobs} 项没有再执行，未发出的邮件和短信 {self.deliveries} 条没有再发；"
            "所有人需要重新登录。"
        )

    def hold(self) -> None:
        """End what waits with its reason, tell who asked for a job, end all sessions, change the token.

        Pages that a process or a browser kept belong to another token and are made anew.
        """
        now = timezone.now()
        _run(_TELL, [Topic.OTHER, REASON, now])
        self.jobs = _run(
            f"UPDATE portal_job SET status = 'failed', reason = %s, finished_at = %s, lease_until = NULL"
            f" WHERE {_WAITING}",
            [REASON, now],
        )
        self.deliveries = _run(
            "UPDATE portal_delivery SET failed_at = %s, reason = %s"
            " WHERE sent_at IS NULL AND failed_at IS NULL",
            [now, deliveries.HELD_BACK],
        )
        _run("DELETE FROM django_session", [])
        public_changes.remove(connection)
        public_changes.install(connection)


def _run(sql: str, values: list) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount
