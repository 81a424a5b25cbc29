"""Mail with real workers: killed between taking and sending, two at once, called late or never."""

import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from doors.environment import clean_environment, tied_to_this_process
from portal import deliveries, queueing
from portal.models import Delivery, Message
from portal.vocabulary import MailMode
from tests import factories
from tests.jobbing import database_url, until, workers_in
from tests.posting import MailServer, mail_server, outcomes, tell, wants
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)
SENDER = "import django; django.setup(); from portal import tasks; tasks.send_deliveries()"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give calls for workers a broker of this test's own."""
    monkeypatch.setenv("PORTAL_VAR", str(tmp_path))
    with workers_in(tmp_path, 30) as workers:
        yield workers


def sender(server: MailServer) -> subprocess.Popen:
    """Start a worker process that sends what waits through ``server``."""
    private = {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": database_url()}
    private["PORTAL_EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
    return subprocess.Popen(
        [sys.executable, "-c", SENDER],
        cwd=settings.BASE_DIR,
        env=clean_environment(**private),
        preexec_fn=tied_to_this_process(signal.SIGKILL),
    )


@pytest.mark.parametrize(("verb", "taken_by_server"), [("MAIL", 0), (".", 1)])
def test_what_a_killed_worker_had_taken_is_sent_by_nobody_again(folder, verb, taken_by_server):
    """SIGKILL before the server has anything, and after it has the mail but has not said so."""
    user = wants(factories.reviewer())
    with mail_server() as server:
        server.holds = verb
        tell(user)
        worker = sender(server)
        assert server.reached.wait(120)
        worker.kill()
        worker.wait()
        server.holds = ""
        server.go.set()
        left = outcomes()
        deliveries.send_waiting()
        unsent = outcomes()
        Delivery.objects.update(taken_at=timezone.now() - deliveries.SILENT - timedelta(seconds=1))
        tell(user)
        deliveries.send_waiting()

    assert (left, unsent, outcomes()) == (["taken"], ["taken"], ["failed", "sent"])
    assert Delivery.objects.first().reason == deliveries.UNCERTAIN
    assert len(server.mails) == taken_by_server + 1
    assert Message.objects.filter(read_at=None).count() == 2


def test_two_workers_on_one_queue_send_each_mail_once(folder):
    people = [wants(factories.reviewer(name=f"reviewer{n}")) for n in range(4)]
    with mail_server() as server:
        for number in range(24):
            tell(people[number % 4], f"第 {number} 条。")
        sent = race([0], *[lambda _: deliveries.send_waiting()] * 3)

    assert sum(sent[0]) == 24
    numbers = Counter(mail["Message-ID"] for mail in server.mails)
    assert (set(numbers.values()), len(numbers)) == ({1}, 24)
    assert Counter(outcomes()) == {"sent": 24}


def test_two_beats_at_once_write_one_digest_each(folder):
    people = [wants(factories.reviewer(name=f"reviewer{n}"), MailMode.DIGEST) for n in range(4)]
    for user in people:
        tell(user, created_at=timezone.now() - timedelta(minutes=5))

    with mail_server() as server:
        race([0], *[lambda _: deliveries.write_digests()] * 3)
        deliveries.send_waiting()

    assert sorted(mail["To"] for mail in server.mails) == sorted(user.email for user in people)


def test_a_worker_is_called_when_the_message_is_committed_and_mails_it(folder, monkeypatch):
    user = wants(factories.reviewer())
    with mail_server() as server:
        monkeypatch.setenv("PORTAL_EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        folder.start(1)
        tell(user, "办理完毕。")
        until(lambda: outcomes() == ["sent"])

    assert [mail.get_content().splitlines()[0] for mail in server.mails] == ["办理完毕。"]


def test_a_call_that_is_lost_is_made_up_for_by_the_next_beat(folder, monkeypatch):
    """The process ends after its commit and before it rings: the row waits for whoever comes by."""
    user = wants(factories.reviewer())
    monkeypatch.setattr(queueing, "call", lambda task: None)
    with mail_server() as server:
        with transaction.atomic():
            tell(user)
        before = (outcomes(), len(server.mails))
        deliveries.send_waiting()

    assert (before, outcomes(), len(server.mails)) == ((["waiting"], 0), ["sent"], 1)


def test_a_server_that_never_answers_holds_up_no_act(folder):
    filing, _ = factories.submitted("exam-projects"), wants(factories.filer())
    with mail_server() as server:
        server.holds = "EHLO"
        factories.act(filing, "accept", factories.reviewer())
        met = (server.reached.is_set(), outcomes())

    assert met == (False, ["waiting"])
