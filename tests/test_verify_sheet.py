"""The public answer to a check code: right for every version of a history, and nothing that is not public."""

import re
from datetime import date

import pytest
from django.core.cache import cache

from portal import authenticity, catalogue, check_codes
from portal.models import Filing, FilingVersion
from portal.views import verify
from portal.vocabulary import State
from tests import factories
from tests.factories import COMMENT, PROVINCE, act, approver, filer, reviewer
from tests.public import leave

pytestmark = pytest.mark.django_db
BRANDS, UNITS, INSTITUTIONS = "skill-brands", "building-units", "exam-institutions"
CANARY, PHONE = "金丝雀", "13900003707"
SAID = {"comment": f"{CANARY}意见"}
UNKNOWN = "没有与这个校验码对应的打印件"


@pytest.fixture(autouse=True)
def nobody_asked_yet():
    """Begin each test with no question counted."""
    cache.clear()


def code(record: Filing, number: int | None = None) -> str:
    """Return the check code of a version, the last one unless told."""
    versions = record.versions.order_by("number")
    return check_codes.code_of(versions.get(number=number) if number else versions.last())


def answer(record: Filing, number: int | None = None) -> authenticity.Answer:
    """Return what is said of a version."""
    return authenticity.answer(check_codes.find(code(record, number)))


def told(record: Filing, number: int) -> tuple:
    """Return (word, whether a day is named, newer version) of a version."""
    said = answer(record, number)
    return said.word, said.at is not None, said.newer


def walked(*steps: tuple[str, str], kind: str = BRANDS) -> Filing:
    """Return a filing on which these acts were done: (act, who)."""
    people = {"filer": filer, "city": reviewer, "province": lambda: reviewer(PROVINCE), "head": approver}
    record = factories.draft(kind)
    for action, who in steps:
        comment = {} if action in ("submit", "withdraw", "accept", "cancel") else SAID
        record = act(record, action, people[who](), **comment)
    return record


SENT, RETURNED = ("submit", "filer"), ("return", "city")
UP, BACK = ("endorse", "city"), ("return", "province")
STORIES = {
    "submitted": ([SENT], [("审核中", False, None)]),
    "accepted": ([SENT, ("accept", "city")], [("审核中", False, None)]),
    "withdrawn": ([SENT, ("withdraw", "filer")], [("已撤回", True, None)]),
    "sent again": ([SENT, ("withdraw", "filer"), SENT], [("已撤回", True, 2), ("审核中", False, None)]),
    "returned": ([SENT, RETURNED], [("退回修改", True, None)]),
    "return taken back": ([SENT, RETURNED, ("recall", "city")], [("审核中", False, None)]),
    "returned twice": ([SENT, RETURNED, ("recall", "city"), RETURNED], [("退回修改", True, None)]),
    "return of the province taken back": (
        [SENT, RETURNED, SENT, UP, BACK, ("recall", "province")],
        [("退回修改", True, 2), ("审核中", False, None)],
    ),
    "endorsed": ([SENT, UP], [("审核中", False, None)]),
    "endorsement taken back": ([SENT, UP, ("recall", "city")], [("审核中", False, None)]),
    "long": (
        [SENT, RETURNED, SENT, UP, BACK, SENT, UP, ("approve", "head")],
        [("退回修改", True, 3), ("退回修改", True, 3), ("审核通过", True, None)],
    ),
    "rejected": ([SENT, UP, ("reject", "head")], [("不予通过", True, None)]),
    "decision undone": ([SENT, UP, ("reject", "head"), ("reopen", "head")], [("审核中", False, None)]),
    "approved": ([SENT, UP, ("approve", "head")], [("审核通过", True, None)]),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_each_version_of_a_history_is_told_as_it_was_decided(story):
    steps, expected = story

    record = walked(*steps)

    assert [told(record, number) for number in range(1, len(expected) + 1)] == expected


def test_a_filing_of_a_city_route_is_told_in_the_words_of_that_route():
    filed = walked(SENT, ("approve", "city"), kind=UNITS)
    sent_back = walked(SENT, RETURNED, kind=UNITS)

    assert (told(filed, 1)[0], told(sent_back, 1)[0]) == ("准予备案", "退回补正")


def test_a_day_is_that_of_the_decision_itself():
    record = walked(SENT, RETURNED, SENT, UP, ("approve", "head"))
    events = {event.action: event.at for event in record.events.all()}

    assert (answer(record, 1).at, answer(record, 2).at) == (events["return"], events["approve"])


def test_what_was_cancelled_and_taken_up_again_says_so():
    record = walked(SENT, RETURNED, ("cancel", "filer"))
    cancelled = answer(record, 1)
    record = act(record, "reopen", filer())

    assert (cancelled.word, cancelled.cancelled_at) == ("退回修改", record.events.get(action="cancel").at)
    assert answer(record, 1).cancelled_at is None


def test_a_published_version_leads_to_its_entry_and_an_earlier_one_does_not():
    record = walked(SENT, RETURNED, SENT, UP, ("approve", "head"))
    entry = factories.publish(record)

    said = answer(record, 2).published

    assert (said.title, said.word, said.document_number) == (entry.title, "已公布", entry.document_number)
    assert (said.organisation, said.url) == (record.organisation.name, f"/catalogue/{BRANDS}/{entry.code}/")
    assert answer(record, 1).published is None


def test_of_what_left_the_catalogue_the_name_alone_stays_public():
    entry = factories.entry(BRANDS, on=date(2024, 5, 1))
    leave(entry)

    said = answer(entry.filing).published

    assert (said.word, said.title, said.organisation) == ("已退出", entry.title, "")


def test_a_replaced_entry_says_that_an_amendment_took_its_place():
    entry = factories.entry(BRANDS, on=date(2024, 5, 1))
    amended = catalogue.amend(entry, by=filer())
    for action, by in (("submit", filer()), ("endorse", reviewer()), ("approve", approver())):
        amended = act(amended, action, by)
    factories.publish(amended, on=date(2024, 6, 1))

    words = [answer(record).published.word for record in (entry.filing, amended)]

    assert words == ["已由变更替换", "已公布"]


# -- the page


def page(client, path: str, **posted):
    response = client.post(path, posted) if posted else client.get(path)
    return response, response.content.decode()


@pytest.fixture
def hidden() -> list[Filing]:
    """Plant names, bureaus, opinions and telephone numbers in filings that are not public."""
    secret = {"venue": f"{CANARY}场地", "contact_name": f"{CANARY}联系人", "contact_phone": PHONE}
    place = factories.KUIWEN
    records = [factories.filing(BRANDS, State.RETURNED, name=f"济宁{CANARY}退回", place="3708")]
    records += [factories.filing(BRANDS, State.REJECTED, name=f"泰安{CANARY}不予", place="3709")]
    records += [factories.filing(UNITS, State.APPROVED, name=f"{CANARY}单位", place=place)]
    records += [factories.filing(INSTITUTIONS, State.CITY_REVIEW, name=f"{CANARY}机构", **secret)]
    return records


def test_no_answer_holds_a_byte_of_what_is_not_public(client, hidden):
    secrets = [CANARY, PHONE, COMMENT, "济宁", "泰安", "奎文", "潍坊"]
    secrets += [str(event.by_name) for record in hidden for event in record.events.all()]

    found = []
    for record in hidden:
        address = f"/verify/{code(record)}/"
        answers = [client.get(address), client.post(address, {"name": "别的名称"})]
        answers += [client.get("/verify/", {"code": code(record)}, follow=True)]
        found += [(a.status_code, [s for s in secrets if s in a.content.decode()]) for a in answers]

    assert found == [(200, [])] * 3 * len(hidden)


def test_control_an_open_page_shows_what_is_public(client):
    entry = factories.entry(BRANDS, name=f"潍坊{CANARY}品牌")

    _, words = page(client, f"/verify/{code(entry.filing)}/")

    assert f"潍坊{CANARY}品牌" in words
    assert "潍坊市人力资源和社会保障局" in words
    assert f"/catalogue/{BRANDS}/{entry.code}/" in words


@pytest.mark.parametrize("typed", ["ABCD", "0" * 20, "四" * 30, "a/b/c", "%00", "1" * 300, "'\"<script>"])
def test_whatever_is_no_code_gets_one_and_the_same_sentence(client, typed):
    in_path, in_form = client.get(f"/verify/{typed}/"), client.get("/verify/", {"code": typed})

    sentences = [re.findall(f"<b>({UNKNOWN})</b>", a.content.decode()) for a in (in_path, in_form)]

    assert (in_path.status_code, in_form.status_code, sentences) == (404, 404, [[UNKNOWN]] * 2)
    assert b"<script>" not in in_path.content + in_form.content


def test_a_code_of_another_content_is_answered_like_one_that_never_was(client):
    version = factories.submitted(BRANDS).versions.get()
    forged = FilingVersion(pk=version.pk, filing_id=version.filing_id, number=1, sha256="0" * 64)

    answers = [client.get(f"/verify/{c}/") for c in (check_codes.code_of(forged), "7" * 20)]

    bodies = [re.sub(r'value="[^"]*"|nonce="[^"]*"', "", a.content.decode()) for a in answers]
    assert [a.status_code for a in answers] == [404, 404]
    assert bodies[0] == bodies[1]


def test_the_form_leads_to_the_page_of_the_sheet_and_no_answer_is_kept_or_indexed(client):
    record = factories.submitted(BRANDS)

    form, led = (
        client.get("/verify/"),
        client.get("/verify/", {"code": code(record).lower().replace("-", "")}),
    )
    sheet = client.get(led.url)

    assert (form.status_code, led.status_code, led.url) == (200, 302, f"/verify/{code(record)}/")
    assert "noindex" not in form.content.decode() + form.headers.get("X-Robots-Tag", "")
    assert (sheet["X-Robots-Tag"], "no-store" in sheet["Cache-Control"]) == ("noindex, nofollow", True)


def test_a_form_sent_empty_says_what_is_missing(client):
    opened, sent = client.get("/verify/"), client.get("/verify/", {"code": " "})

    told = ["还没有填写校验码" in page.content.decode() for page in (opened, sent)]
    assert told == [False, True]


def test_the_name_on_the_sheet_is_compared_without_being_told(client):
    record = factories.submitted(BRANDS, name="潍坊甲品牌")
    address = f"/verify/{code(record)}/"

    same, other = (page(client, address, name=name)[1] for name in ("潍坊 甲品牌", "潍坊乙品牌"))

    assert ("<b>相符</b>" in same, "<b>不符</b>" in same) == (True, False)
    assert ("<b>相符</b>" in other, "<b>不符</b>" in other, "潍坊甲品牌" in other) == (False, True, False)


def test_an_old_version_is_compared_with_its_own_name(client):
    record = factories.filing(BRANDS, State.RETURNED, name="潍坊旧名")
    record.name = "潍坊新名"
    record.save()

    _, words = page(client, f"/verify/{code(record)}/", name="潍坊旧名")

    assert "<b>相符</b>" in words


def test_a_return_that_has_no_name_of_its_own_is_not_compared(client):
    record = factories.submitted("project-training-returns")

    _, words = page(client, f"/verify/{code(record)}/", name=record.title)

    assert ("核对表上的名称" in words, "相符" in words) == (False, False)


def test_names_are_not_tried_out_one_after_the_other(client):
    address = f"/verify/{code(factories.submitted(BRANDS, name='潍坊甲品牌'))}/"

    statuses = [page(client, address, name=f"猜{n}")[0].status_code for n in range(verify.COMPARED)]
    worn, words = page(client, address, name="潍坊甲品牌")

    assert (set(statuses), worn.status_code) == ({200}, 429)
    assert ("<b>相符</b>" in words, "<b>核对次数过多，这一次没有核对</b>" in words) == (False, True)


def test_a_name_is_not_tried_out_from_many_addresses_either(client):
    address = f"/verify/{code(factories.submitted(BRANDS, name='潍坊甲品牌'))}/"

    answers = [
        client.post(address, {"name": f"猜{n}"}, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(verify.COMPARED_BY_ALL + 1)
    ]

    assert answers == [200] * verify.COMPARED_BY_ALL + [429]


def test_who_asks_too_often_waits_and_others_do_not(client):
    answers = [client.get("/verify/0/", REMOTE_ADDR="192.0.2.1").status_code for _ in range(verify.ASKED)]
    hasty, other = (client.get("/verify/0/", REMOTE_ADDR=f"192.0.2.{n}") for n in (1, 2))

    assert set(answers) == {404}
    assert (hasty.status_code, hasty["Retry-After"], other.status_code) == (429, "60", 404)
    assert UNKNOWN not in hasty.content.decode()


def test_the_home_page_and_every_foot_lead_to_the_check(client):
    home = client.get("/").content.decode()

    assert home.count('action="/verify/"') == 1
    assert '<a href="/verify/">核验纸质表</a>' in home
    assert "/verify/" in client.get("/sitemap-pages.xml").content.decode()
