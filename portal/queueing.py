"""The doorbell: how a worker is called for a job. Nothing here fails, or holds up a request for long.

The row of the job is the truth; a call that is lost costs time alone, for the sweeper calls again.
"""

import logging
import time
from threading import Lock, Thread

from celery import current_app

TASK = "portal.tasks.run_job"
PATIENCE = 1.0  # seconds that a request waits for the broker
PAUSE = 10.0  # seconds in which nobody is called after the broker was away

logger = logging.getLogger(__name__)


class Bell:
    """Calls workers through the broker, from a thread that nobody has to wait for.

    While the broker is away there is one call that waits for it, and no second one beside it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._quiet_until = 0.0
        self._waiting: Thread | None = None

    def call(self, task: str, *arguments, **named) -> bool:
        """Have a task done by some worker, and say whether the broker has taken the call."""
        if self._is_quiet():
            return False
        taken: list[bool] = []
        thread = Thread(target=_send, args=(task, arguments, named, taken), daemon=True)
        thread.start()
        thread.join(PATIENCE)
        if not taken:
            self._keep_quiet(thread)
        return bool(taken)

    def _is_quiet(self) -> bool:
        with self._lock:
            waits = self._waiting is not None and self._waiting.is_alive()
            return waits or time.monotonic() < self._quiet_until

    def _keep_quiet(self, thread: Thread) -> None:
        with self._lock:
            self._waiting, self._quiet_until = thread, time.monotonic() + PAUSE


def _send(task: str, arguments: tuple, named: dict, taken: list[bool]) -> None:
    try:
        current_app.send_task(task, arguments, named, retry=False, ignore_result=True)
        taken.append(True)
    except Exception as error:  # whatever the client of a broker raises: the job is in its row
        logger.warning(
            "No worker was called for %s%s, the sweeper will call again: %s", task, arguments, error
        )


call = Bell().call


def ring(pk: int) -> bool:
    """Call a worker for a job, and say whether the broker has taken the call."""
    return call(TASK, pk)
