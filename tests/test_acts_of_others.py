"""The request of every act, sent by everybody else of the same places: nothing is done (rows 15 and 16).

The requests are those of ``test_every_act``, so a new one is sent here the day it is written: it fails until
``act_policy.txt`` says who may send it. That a sender whom it names is taken is held there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from portal.models import AccessRecord, Act, ActResult, User
from tests import factories
from tests.administration import staff
from tests.crawling import everything, signed_in
from tests.factories import KUIWEN, PROVINCE, WEIFANG
from tests.sending import Sent
from tests.sizes import falling_to
from tests.test_every_act import ALL
from tests.test_sent_forms import OTHERS

pytestmark = pytest.mark.django_db

POLICY = Path(__file__).with_name("act_policy.txt")
#: Column of the policy → who it is: of 潍坊 and its county, with a ``p`` of the province, administrators.
PEOPLE = {
    "nobody": lambda: None,
    "stranger": factories.stranger,
    "county": lambda: factories.filer(KUIWEN),
    "filer": factories.filer,
    "reviewer": factories.reviewer,
    "approver": lambda: factories.approver(WEIFANG),
    "publisher": lambda: factories.publisher(WEIFANG),
    "joint": lambda: factories.joint(WEIFANG),
    "pfiler": lambda: factories.filer(PROVINCE),
    "previewer": lambda: factories.reviewer(PROVINCE),
    "papprover": factories.approver,
    "ppublisher": factories.publisher,
    "pjoint": factories.joint,
    "auditor": factories.auditor,
    "sysadmin": factories.sysadmin,
    "secadmin": factories.secadmin,
}
MAY, MAY_NOT = "o", "-"
#: What is sent by whoever says who he is, and is about nobody else.
WHO_SOMEBODY_IS = {*OTHERS["who somebody is"].split(), "admin:logout"}
#: How a request is refused; one for many rows tells it on its page, or shows the list without the act.
REFUSED = {302, 303, 400, 401, 403, 404, 405, 409, 422}
ON_ITS_PAGE = ("batch", "batch-do", "prepared-act")
#: Tables that grow by looking: what was asked for and refused, who is signed in.
LOGS = ("portal_access", "django_session")


def policy() -> dict[str, dict[str, str]]:
    """Return request → column → whether that person may send it."""
    head, *lines = POLICY.read_text(encoding="utf-8").splitlines()
    columns = head.split()[1:]
    read = (line.split(" ", len(columns)) for line in lines)
    return {name: dict(zip(columns, said, strict=True)) for *said, name in read}


def others(name: str) -> list[str]:
    """Return who may not send a request; in a usual run four of them, others for each request."""
    found = [who for who, letter in policy()[name].items() if letter == MAY_NOT]
    return falling_to(name, found, min(4, len(found)))


@pytest.fixture(scope="module")
def signed(for_the_module) -> dict[str, str]:
    """Give the session of everybody, who is staff, which is the stronger case; nobody has none."""
    people = {who: make() for who, make in PEOPLE.items()}
    return {who: signed_in(staff(user)) if user else "" for who, user in people.items()}


@contextmanager
def watched() -> Iterator[list[str]]:
    """Give the statements that write to anything but a log, while they are run."""
    written: list[str] = []

    def note(execute, sql, parameters, many, context):
        words = str(sql).lstrip("( ").split(maxsplit=3)
        if words[0].upper() in ("INSERT", "UPDATE", "DELETE") and not any(log in str(sql) for log in LOGS):
            written.append(str(sql))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        yield written


def sent(form: Sent, session: str) -> tuple[HttpResponse, bool]:
    """Return the answer to a form sent under a session, and whether it did anything; then undo it."""
    client = Client(raise_request_exception=False)
    if session:
        client.cookies["session"] = session
    for value in form.data.values():
        if hasattr(value, "seek"):
            value.seek(0)
    last = AccessRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        with watched() as written:
            answer = client.post(form.address, form.data)
            b"".join(answer)
        done = AccessRecord.objects.filter(pk__gt=last, result=ActResult.DONE).exclude(act=Act.VIEW)
        after, is_recorded = everything() if written else None, done.exists()
        transaction.set_rollback(True)
    return answer, is_recorded or (bool(written) and after != everything())


def test_every_request_has_its_line_in_the_policy_and_every_line_its_request():
    assert sorted(policy()) == sorted(set(ALL) - WHO_SOMEBODY_IS)
    assert {tuple(line) for line in policy().values()} == {tuple(PEOPLE)}


@pytest.mark.parametrize("name", policy())
def test_whoever_may_not_do_it_is_refused_and_changes_nothing(signed, name):
    form = ALL[name].form()

    met = {who: sent(form, signed[who]) for who in others(name)}

    allowed = REFUSED | ({200} if tells_on_its_page(name) else set())
    answered = [(who, answer.status_code) for who, (answer, _) in met.items()]
    assert [(who, status) for who, status in answered if status not in allowed] == []
    assert [who for who, (_, is_done) in met.items() if is_done] == []


def tells_on_its_page(name: str) -> bool:
    """Say whether a request is for many rows."""
    route = name.split()[0]
    return route in ON_ITS_PAGE or route.endswith("_changelist")


@pytest.mark.parametrize("name", ["filing-act accept", "audit-export", "admin:portal_user_add"])
def test_control_what_somebody_does_who_may_is_noticed(signed, name):
    form = ALL[name].form()
    (who,) = (who for who, make in PEOPLE.items() if who != "nobody" and make().pk == form.user.pk)

    _, is_done = sent(form, signed[who])

    assert (is_done, policy()[name][who]) == (True, MAY)
    assert User.objects.filter(username="yanshi_new").exists() is False
