"""The pages of messages: what is shown and marked, to whom, at what price; how else one wants to be told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import texting
from portal.models import Delivery, Message, MessagePreference, User
from portal.vocabulary import MailMode, State, Topic
from tests import factories
from tests.posting import PHONE, tell, wants

pytestmark = pytest.mark.django_db
PAGE, PREFERENCES = "/desk/messages/", "/desk/messages/preferences/"


def opened(client, user, **params):
    factories.sign_in(client, user)
    return client.get(PAGE, params)


def texts(answer) -> list[str]:
    return [line.text for line in answer.context["lines"]]


def three(user) -> list[Message]:
    """Return three messages of three topics, the middle one read."""
    found = [tell(user, words, topic) for words, topic in zip("甲乙丙", Topic.values, strict=True)]
    Message.objects.filter(pk=found[1].pk).update(read_at=timezone.now())
    return found


def test_what_is_unread_stands_first_or_all_by_time_as_one_likes(client):
    user = factories.reviewer()
    three(user)

    assert texts(opened(client, user)) == ["丙", "甲", "乙"]
    assert texts(opened(client, user, sort="time")) == ["丙", "乙", "甲"]
    assert texts(opened(client, user, sort="no such order", topic="no such topic")) == ["丙", "甲", "乙"]


def test_a_topic_narrows_the_list_and_each_tab_counts_what_is_unread(client):
    user = factories.reviewer()
    three(user)

    answer = opened(client, user, topic=Topic.OTHER)

    assert texts(answer) == ["丙"]
    assert [(tab["word"], tab["count"]) for tab in answer.context["tabs"]] == [
        ("全部", 2),
        ("办理", 1),
        ("提醒", 0),
        ("其他", 1),
    ]


def test_a_link_says_what_is_to_be_done_and_leads_there(client):
    filing = factories.submitted("exam-projects")
    user, desk = factories.filer(), factories.reviewer()
    for person in (user, desk):
        tell(person, "甲", filing=filing), tell(person, "乙", address="/desk/campaigns/"), tell(person, "丙")

    def links(person) -> dict[str, tuple[str, str]]:
        return {
            ln.text: (ln.act, ln.url) for ln in opened(client, person).context["lines"] if ln.text in "甲乙丙"
        }

    page = f"/desk/filings/{filing.pk}/"
    assert links(desk) == {"甲": ("去审核", page), "乙": ("打开", "/desk/campaigns/"), "丙": ("", "")}
    factories.act(filing, "return", desk, comment=factories.COMMENT)
    assert (links(user)["甲"], links(desk)["甲"]) == (("去修改", f"{page}edit/"), ("打开填报", page))


def test_a_filing_that_one_does_not_see_any_more_is_no_link(client):
    filing, user = factories.filing("exam-projects", State.DRAFT), factories.reviewer("3708")
    tell(user, "从前的事。", filing=filing)

    (line,) = opened(client, user).context["lines"]

    assert (line.url, line.act) == ("", "")


def test_looking_marks_nothing_and_the_button_marks_one(client):
    user = factories.reviewer()
    first, _, third = three(user)
    opened(client, user, topic=Topic.ACT)

    answer = client.post(f"{PAGE}{first.pk}/read/", {"topic": Topic.ACT, "sort": "time", "page": "2"})

    assert (answer.status_code, answer.url) == (302, f"{PAGE}?topic=act&sort=time&page=2")
    assert list(user.messages.filter(read_at=None)) == [third]


def test_a_message_keeps_the_time_at_which_it_was_first_read(client):
    user = factories.reviewer()
    _, read, _ = three(user)
    before = Message.objects.get(pk=read.pk).read_at
    factories.sign_in(client, user)

    client.post(f"{PAGE}{read.pk}/read/")

    assert Message.objects.get(pk=read.pk).read_at == before


def test_all_are_marked_at_once_or_those_of_a_topic(client):
    user = factories.reviewer()
    three(user)
    factories.sign_in(client, user)

    client.post(PAGE, {"topic": Topic.OTHER})
    left = list(user.messages.filter(read_at=None).values_list("text", flat=True))
    client.post(PAGE)

    assert (left, user.messages.filter(read_at=None).count()) == (["甲"], 0)


def test_nobody_marks_a_message_of_another_and_no_address_marks_by_being_opened(client):
    message = tell(factories.reviewer())
    factories.sign_in(client, factories.filer())
    shut = client.post(f"{PAGE}{message.pk}/read/").status_code
    factories.sign_in(client, factories.reviewer())

    assert (shut, client.get(f"{PAGE}{message.pk}/read/").status_code) == (404, 405)
    assert Message.objects.get().read_at is None


def test_messages_of_many_filings_cost_as_much_as_of_one(client):
    user, costs = factories.reviewer(), []
    first = factories.submitted("exam-projects")
    others = [factories.submitted("exam-projects", name=f"演示项目{n}") for n in range(3)]
    factories.act(first, "return", user, comment=factories.COMMENT)
    for filings in ([first], others):
        Message.objects.bulk_create(
            Message(user=user, filing_id=filing.pk, text="演示", created_at=timezone.now())
            for filing in filings * 9
        )
        factories.sign_in(client, user)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        costs.append(len(queries))

    assert costs == [costs[0]] * 2


def test_an_empty_list_says_what_will_stand_there(client):
    user = factories.reviewer()

    assert "报送、受理、退回、办结和公布都会在这里告诉您。" in opened(client, user).content.decode()
    assert "没有这一类消息" in opened(client, user, topic=Topic.OTHER).content.decode()


def prefer(client, user, **said):
    factories.sign_in(client, user)
    return client.post(PREFERENCES, {"mail": MailMode.EACH, "email": "a@example.com", "phone": "", **said})


def stored(user) -> tuple:
    preference = MessagePreference.objects.get(user=user)
    email = User.objects.get(pk=user.pk).email
    return preference.mail, email, preference.texts, preference.phone


def test_a_person_says_how_else_he_wants_to_be_told_and_may_change_it(client):
    user = factories.reviewer()

    first = prefer(client, user, texts="on", phone=PHONE)
    kept = stored(user)
    prefer(client, user, mail=MailMode.OFF, email="")

    assert (first.status_code, first.url) == (302, PREFERENCES)
    assert (kept, stored(user)) == (("each", "a@example.com", True, PHONE), ("off", "", False, ""))


def test_a_number_typed_in_wide_digits_is_kept_in_plain_ones(client):
    user = factories.reviewer()

    prefer(client, user, texts="on", phone="13９0000000１")

    assert stored(user)[-1] == PHONE


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"email": ""}, "email", "请填写邮箱地址，或把电子邮件改为“不发”。"),
        ({"email": "a@b"}, "email", "这不是邮箱地址，应如 name@example.com。"),
        ({"email": "a@example.com\nBcc: b@example.com"}, "email", "这不是邮箱地址，应如 name@example.com。"),
        ({"texts": "on"}, "phone", "请填写手机号，或去掉短信前的勾。"),
        ({"texts": "on", "phone": "12345"}, "phone", "请填写11位手机号。"),
        ({"mail": "often"}, "mail", "选择一个有效的选项"),
    ],
)
def test_what_leads_nowhere_is_refused_and_nothing_is_kept(client, said, field, words):
    answer = prefer(client, factories.reviewer(), **said)

    assert answer.status_code == 422
    assert words in answer.context["form"].errors[field][0]
    assert list(answer.context["form"].errors) == [field]
    assert (MessagePreference.objects.count(), factories.reviewer().email) == (0, "")


def test_the_page_says_what_the_portal_does_not_send_at_all(client, settings):
    factories.sign_in(client, wants(factories.reviewer()))
    settings.MAIL_ON = False
    off = client.get(PREFERENCES).content.decode()
    settings.MAIL_ON = True
    on = client.get(PREFERENCES).content.decode()

    assert ("没有开通电子邮件" in off, "没有开通电子邮件" in on) == (True, False)
    assert [("没有接通短信" in page, factories.reviewer().email in page) for page in (off, on)] == [
        (True, True)
    ] * 2


def test_what_others_prefer_is_not_shown_and_not_changed(client):
    other = wants(factories.reviewer(), phone=PHONE)
    factories.sign_in(client, factories.sysadmin())

    page = client.get(PREFERENCES).content.decode()
    prefer(client, factories.sysadmin(), mail=MailMode.OFF)

    assert (PHONE in page, other.email in page) == (False, False)
    assert stored(other) == ("each", other.email, True, PHONE)


def test_a_number_is_shown_with_its_middle_hidden():
    assert (texting.masked(PHONE), texting.masked("")) == ("139****0001", "")


def test_nothing_of_the_pages_writes_a_delivery(client):
    user = wants(factories.reviewer())
    opened(client, user), client.post(PAGE), client.get(PREFERENCES)

    assert Delivery.objects.count() == 0
