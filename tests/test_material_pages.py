"""The page of a draft's files: upload by form and by script, sizes, removal, and who opens a file."""

import json
from io import BytesIO
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal import attachments, registry
from portal.models import Attachment, Filing
from portal.registry import STAMPED_SCAN
from portal.views import materials as views
from portal.vocabulary import State
from tests import factories, films
from tests.factories import act, auditor, filer, joint, publisher, reviewer, sign_in
from tests.test_attachments import add, in_rows, on_disk, pdf

pytestmark = pytest.mark.django_db
KIND = "city-training-brands"
LIMIT = registry.get("skill-brands").all_slots[STAMPED_SCAN].most_bytes


@pytest.fixture
def draft() -> Filing:
    return factories.draft("skill-brands")


def page_of(filing) -> str:
    return reverse("filing-materials", args=[filing.pk])


def place_of(filing, slot=STAMPED_SCAN) -> str:
    return reverse("filing-upload", args=[filing.pk, slot])


def put(client, filing, content: bytes, name: str = "盖章.pdf", *, slot=STAMPED_SCAN, **headers):
    """Send a file as the script does."""
    return client.put(
        place_of(filing, slot),
        content,
        content_type="application/octet-stream",
        headers={"X-File-Name": quote(name), **headers},
    )


def post(client, filing, *files: tuple[str, bytes], slot=STAMPED_SCAN):
    """Send files as the form does."""
    return client.post(place_of(filing, slot), {"file": [SimpleUploadedFile(*file) for file in files]})


def test_without_scripts_files_are_sent_by_the_form_and_shown_on_the_page(client, draft):
    sign_in(client, filer())

    answer = post(client, draft, ("一.pdf", pdf(1)), ("二.pdf", pdf(2)))

    assert (answer.status_code, answer.url) == (302, page_of(draft))
    shown = client.get(page_of(draft))
    place = shown.context["places"][0]
    assert [(file.name, file.size) for file in place.files] == [
        ("一.pdf", len(pdf(1))),
        ("二.pdf", len(pdf(2))),
    ]
    assert "已保存2个文件。" in shown.content.decode()


def test_of_several_files_the_bad_one_is_named_and_the_good_one_is_kept(client, draft):
    sign_in(client, filer())

    answer = post(client, draft, ("坏.pdf", b"MZ" + bytes(90)), ("好.pdf", pdf()))

    assert answer.status_code == 422
    assert [said[:7] for said in answer.context["refusals"]] == ["“坏.pdf”"]
    assert [a.name for a in draft.attachments.all()] == ["好.pdf"]


def test_a_form_without_a_file_is_answered_in_words(client, draft):
    sign_in(client, filer())

    answer = post(client, draft)

    assert (answer.status_code, answer.context["refusals"]) == (422, [views.NO_FILE])


def test_a_script_sends_the_bare_file_and_gets_a_sentence(client, draft):
    sign_in(client, filer())

    answers = [put(client, draft, pdf()), put(client, draft, pdf()), put(client, draft, b"")]

    assert [(a.status_code, a.json()) for a in answers] == [
        (201, {"message": "已保存1个文件。"}),
        (422, {"message": attachments.TWICE}),
        (422, {"message": attachments.EMPTY}),
    ]
    assert draft.attachments.get().name == "盖章.pdf"


def test_a_script_whose_session_has_ended_is_told_and_a_form_is_led_to_the_sign_in_page(client, draft):
    answers = [put(client, draft, pdf()), post(client, draft, ("a.pdf", pdf()))]

    assert (answers[0].status_code, answers[0].json()) == (401, {"message": views.SIGN_IN})
    assert (answers[1].status_code, answers[1].url.split("?")[0]) == (302, "/login/")
    assert on_disk() == set()


def test_without_the_token_nothing_is_taken(draft):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, filer())
    client.get(page_of(draft))
    token = client.cookies["csrftoken"].value

    answers = [
        put(client, draft, pdf()),
        post(client, draft, ("a.pdf", pdf())),
        put(client, draft, pdf(), **{"X-CSRFToken": token}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 201]


class Unread(BytesIO):
    """A body that tells how much of it was read."""

    amount = 0

    def read(self, *args):
        chunk = super().read(*args)
        self.amount += len(chunk)
        return chunk


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("name", ["filing-upload", "filing-archive"])
def test_what_is_too_large_is_refused_by_its_announced_length_alone(draft, method, name):
    user, body = filer(), Unread(b"")
    url = reverse(name, args=[draft.pk, *([STAMPED_SCAN] if name == "filing-upload" else [])])
    request = RequestFactory().generic(method, url, b"", content_type="multipart/form-data; boundary=x")
    request.META["CONTENT_LENGTH"], request._stream, request.user = str(3 * 2**30), body, user
    request._messages, request.session = [], {}
    view = views.upload if name == "filing-upload" else views.archive

    answer = view(request, draft.pk, **({"slot": STAMPED_SCAN} if name == "filing-upload" else {}))

    assert (answer.status_code, body.amount) == (413, 0)
    sentence = "文件超过20MB" if name == "filing-upload" else "压缩包超过1GB"
    assert sentence in (json.loads(answer.content)["message"] if method == "PUT" else answer.content.decode())


def test_a_body_one_byte_over_the_limit_of_its_slot_is_refused(client, draft):
    sign_in(client, filer())

    answer = put(client, draft, bytes(LIMIT + 1))

    assert (answer.status_code, answer.json()["message"][:10]) == (413, "文件超过20MB，没")
    assert on_disk() == set()


def test_a_body_that_ends_early_is_no_file(draft):
    request = RequestFactory().put(place_of(draft))
    request.META["CONTENT_LENGTH"], request._stream = "5000", BytesIO(pdf())
    request.user, request._dont_enforce_csrf_checks = filer(), True

    answer = views.upload(request, draft.pk, slot=STAMPED_SCAN)

    assert (answer.status_code, json.loads(answer.content)) == (400, {"message": views.CUT_OFF})
    assert (Attachment.objects.count(), on_disk()) == (0, set())


def test_a_slot_that_the_form_does_not_have_is_not_found(client, draft):
    sign_in(client, filer())

    assert put(client, draft, pdf(), slot="pictures").status_code == 404


def test_a_file_is_removed_after_a_second_word(client, draft, django_capture_on_commit_callbacks):
    added = add(draft)
    sign_in(client, filer())
    page = client.get(page_of(draft)).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("attachment-remove", args=[added.pk]))

    assert page.count("确认移除") == 1
    assert (answer.status_code, answer.url) == (302, page_of(draft))
    assert (Attachment.objects.count(), on_disk()) == (0, set())


def test_once_submitted_the_page_leads_to_the_filing_and_takes_nothing(client, draft):
    added = add(draft)
    act(draft, "submit", filer())
    sign_in(client, filer())

    answers = [client.get(page_of(draft)), client.post(reverse("attachment-remove", args=[added.pk]))]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert put(client, draft, pdf(2)).json() == {"message": attachments.SUBMITTED}
    assert list(draft.attachments.current()) == [added]


def test_the_button_in_the_form_stores_the_draft_and_leads_to_its_files(client, draft):
    sign_in(client, filer())
    edit = reverse("filing-edit", args=[draft.pk])
    page = client.get(edit)
    typed = {"revision": draft.revision, "name": "潍坊年画品牌（演示）", "then": "materials"}

    answer = client.post(edit, typed)

    assert 'name="then" value="materials"' in page.content.decode()
    assert (answer.status_code, answer.url) == (302, page_of(draft))
    assert Filing.objects.get(pk=draft.pk).title == "潍坊年画品牌（演示）"


def test_the_list_before_submission_leads_to_the_slot_that_lacks_files(client):
    record = factories.draft(KIND)
    attachments.remove(record.attachments.filter(slot="pictures").first(), by=filer())
    sign_in(client, filer())

    check = client.get(reverse("filing-check", args=[record.pk])).content.decode()
    page = client.get(page_of(record)).content.decode()
    edit = client.get(reverse("filing-edit", args=[record.pk])).content.decode()

    assert f'<a href="{page_of(record)}#slot-pictures">图片资料不少于5张，当前4张。</a>' in check
    assert 'id="slot-pictures"' in page
    assert 'href="#q-pictures"' in edit
    assert 'id="q-pictures"' in edit


def test_every_light_is_a_word_and_a_shape(client):
    record = factories.draft(KIND)
    attachments.remove(record.attachments.filter(slot="pictures").first(), by=filer())
    attachments.remove(record.attachments.get(slot="video"), by=filer())
    with films.film(120).open("rb") as whole:
        cut = whole.read()[:-100]
    add(record, cut, "v.mp4", slot="video")
    sign_in(client, filer())

    page = client.get(page_of(record)).content.decode()

    shapes = {'<span class="tag no">不符合</span>', '<span class="tag back">无法判定</span>'}
    assert {shape for shape in (*shapes, '<span class="tag ok">符合</span>') if shape not in page} == set()


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

    assert [file.pk for file in answer.context["scan"].files] == [scan.pk]
    assert f'src="{reverse("attachment-display", args=[scan.pk])}"' in answer.content.decode()


def test_the_reviewer_of_a_city_s_brand_sees_pictures_video_and_lights():
    record = factories.submitted(KIND)

    answer = review_page(reviewer(), record)

    assert [(place.name, place.count) for place in answer.context["places"]] == [
        ("pictures", "5张"),
        ("video", "1个"),
    ]
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


def test_the_page_costs_as_many_queries_for_one_file_as_for_five(client, draft):
    sign_in(client, filer())
    costs = []
    for number in range(5):
        add(draft, pdf(number))
        if number in (0, 4):
            with CaptureQueriesContext(connection) as asked:
                client.get(page_of(draft))
            costs.append(len(asked))

    assert costs[0] == costs[1]


def test_every_file_on_the_disk_has_its_row_after_all_that():
    record = factories.filing(KIND, State.RETURNED)

    assert on_disk() == in_rows()
    assert record.attachments.count() == 6
