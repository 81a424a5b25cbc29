"""A file on its way out: who opens it, how it is sent, what a reviewer finds on the page of a filing."""

import pytest
from django.test import Client
from django.urls import reverse

from portal import attachments
from portal.models import Attachment, Filing
from tests import factories, films
from tests.factories import act, auditor, filer, joint, publisher, reviewer, sign_in
from tests.test_attachments import add, pdf

pytestmark = pytest.mark.django_db
KIND = "city-training-brands"


@pytest.fixture
def draft() -> Filing:
    return factories.draft("skill-brands")


FILES = ("attachment", "attachment-display")


def opened(user, attachment) -> list[int]:
    client = Client()
    sign_in(client, user)
    return [client.get(reverse(name, args=[attachment.pk])).status_code for name in FILES]


def test_a_draft_s_file_is_open_to_its_bureau_alone(draft):
    added = add(draft, films.picture(), "a.jpg")
    others = [
        filer("3708"),
        filer(factories.KUIWEN),
        reviewer("3708"),
        reviewer(),
        reviewer("37"),
        publisher(),
    ]

    assert opened(filer(), added) == [200, 200]
    assert [opened(other, added) for other in [*others, auditor(), factories.sysadmin()]] == [
        *[[404, 404]] * 3,
        [404, 404],
        *[[404, 404]] * 4,
    ]


def test_a_submitted_file_is_open_to_the_posts_above_and_to_nobody_else(draft):
    added = add(draft, films.picture(), "a.jpg")
    act(draft, "submit", filer())

    who = {
        "own": filer(),
        "city": reviewer(),
        "province": reviewer("37"),
        "other city": reviewer("3708"),
        "other filer": filer("3708"),
        "county": filer(factories.KUIWEN),
        "auditor": auditor(),
        "joint": joint(),
        "system": factories.sysadmin(),
    }
    assert {name: opened(user, added) for name, user in who.items()} == {
        **{name: [200, 200] for name in ("own", "city", "province")},
        **{name: [404, 404] for name in list(who)[3:]},
    }


def test_a_reviewer_opens_the_files_of_the_version_before_him_and_no_later_ones(draft):
    first = add(draft, films.picture("#111111"), "1.jpg")
    act(draft, "submit", filer())
    returned = act(draft, "return", reviewer(), comment=factories.COMMENT)
    attachments.remove(Attachment.objects.get(pk=first.pk), by=filer())
    second = add(returned, films.picture("#222222"), "2.jpg")

    before = [opened(reviewer(), one) for one in (first, second)]
    act(returned, "submit", filer())

    assert before == [[200, 200], [404, 404]]
    assert [opened(reviewer(), one) for one in (first, second)] == [[404, 404], [200, 200]]
    assert [opened(filer(), one) for one in (first, second)] == [[200, 200], [200, 200]]


def test_a_stranger_is_led_to_the_sign_in_page(client, draft):
    added = add(draft)

    assert [client.get(reverse(name, args=[added.pk])).url.split("?")[0] for name in FILES] == ["/login/"] * 2


def test_a_file_is_sent_as_a_download_that_no_browser_runs(client, draft):
    added = add(draft, films.located(), '喆"; x=<script>.jpg')
    sign_in(client, filer())

    answers = [client.get(reverse(name, args=[added.pk])) for name in FILES]

    wanted = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "X-Content-Type-Options")
    name = "%E5%96%86%22%3B%20x%3D%3Cscript%3E.jpg"
    assert [[answer[header] for header in wanted] for answer in answers] == [
        ["image/jpeg", f"attachment; filename*=utf-8''{name}", "default-src 'none'; sandbox", "nosniff"]
    ] * 2
    assert [answer["Cache-Control"] for answer in answers] == ["no-store"] * 2
    original, shown = [b"".join(answer.streaming_content) for answer in answers]
    assert (original, b"PHONEMAKER" in shown) == (films.located(), False)


RANGES = {
    "bytes=0-3": (206, "bytes 0-3/{}", slice(0, 4)),
    "bytes=5-": (206, "bytes 5-{last}/{}", slice(5, None)),
    "bytes=-4": (206, "bytes {tail}-{last}/{}", slice(-4, None)),
    "bytes=2-999999": (206, "bytes 2-{last}/{}", slice(2, None)),
    "bytes=999999-": (416, "bytes */{}", None),
    "bytes=3-2": (416, "bytes */{}", None),
    "bytes=-": (200, None, slice(None)),
    "bytes=0-1,4-5": (200, None, slice(None)),
    "lines=1-2": (200, None, slice(None)),
}


@pytest.mark.parametrize(("asked", "answered"), RANGES.items(), ids=RANGES)
def test_a_part_of_a_file_is_sent_when_it_is_asked_for(client, draft, asked, answered):
    content, (status, span, part) = pdf(), answered
    added, size = add(draft, content), len(content)
    sign_in(client, filer())

    answer = client.get(reverse("attachment", args=[added.pk]), headers={"Range": asked})

    spanned = span and span.format(size, last=size - 1, tail=size - 4)
    assert (answer.status_code, answer.get("Content-Range")) == (status, spanned)
    if part is not None:
        sent = b"".join(answer.streaming_content)
        assert (sent, answer["Content-Length"]) == (content[part], str(len(content[part])))


def test_a_part_of_another_file_than_the_one_begun_is_sent_whole(client, draft):
    added = add(draft)
    sign_in(client, filer())
    asked = {"Range": "bytes=0-3", "If-Range": '"other"'}

    assert client.get(reverse("attachment", args=[added.pk]), headers=asked).status_code == 200


def test_a_file_that_is_gone_from_the_disk_is_not_found(client, draft):
    added = add(draft)
    added.file.storage.delete(added.file.name)
    sign_in(client, filer())

    assert client.get(reverse("attachment", args=[added.pk])).status_code == 404


def review_page(user, filing):
    client = Client()
    sign_in(client, user)
    return client.get(reverse("filing", args=[filing.pk]))


def test_the_reviewer_sees_the_files_of_the_version_with_the_scan_beside_the_text(draft):
    scan = add(draft, films.picture(), "盖章.jpg")
    act(draft, "submit", filer())

    answer = review_page(reviewer(), draft)

    assert [file.pk for file in answer.context["scan"]["place"].files] == [scan.pk]
    assert f'src="{reverse("attachment-display", args=[scan.pk])}"' in answer.content.decode()


def test_the_reviewer_of_a_city_s_brand_sees_pictures_video_and_lights():
    record = factories.submitted(KIND)

    answer = review_page(reviewer(), record)

    held = [one["place"] for one in answer.context["places"] if one["place"]]
    assert [(place.name, place.count) for place in held] == [("pictures", "5张"), ("video", "1个")]
    assert "<video controls" in answer.content.decode()


def test_who_may_not_read_personal_data_is_told_that_there_are_files(draft):
    add(draft, films.picture(), "张三13900003707.jpg")
    act(draft, "submit", filer())

    pages = [review_page(user, draft).content.decode() for user in (auditor(), joint())]

    assert [("13900003707" in page, "涉及个人信息，只对填报和审核岗位显示" in page) for page in pages] == [
        (False, True)
    ] * 2


def test_files_changed_since_the_submission_are_not_shown_to_the_reviewer(draft):
    add(draft, pdf(1), "第一版.pdf")
    act(draft, "submit", filer())
    returned = act(draft, "return", reviewer(), comment=factories.COMMENT)
    attachments.remove(returned.attachments.get(), by=filer())
    add(returned, pdf(2), "尚未提交.pdf")

    pages = [review_page(user, draft).content.decode() for user in (reviewer(), filer())]

    assert [("第一版.pdf" in page, "尚未提交.pdf" in page) for page in pages] == [
        (True, False),
        (False, True),
    ]
