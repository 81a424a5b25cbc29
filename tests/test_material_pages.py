"""The page of a draft's files: upload by form and by script, sizes, removal."""

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
from tests.factories import act, filer, reviewer, sign_in
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
    place = shown.context["spots"][0].place
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


def test_a_file_is_removed_after_a_second_word_and_put_back_by_one(client, draft):
    added = add(draft)
    sign_in(client, filer())
    page = client.get(page_of(draft)).content.decode()

    answer = client.post(reverse("attachment-remove", args=[added.pk]))
    without = client.get(page_of(draft)).content.decode()

    assert (page.count("确认移除"), without.count("确认移除")) == (1, 0)
    assert (answer.status_code, answer.url) == (302, page_of(draft))
    assert (list(draft.attachments.current()), without.count(f"移除“{added.name}”")) == ([], 2)

    client.post(reverse("attachment-restore", args=[added.pk]))
    page = client.get(page_of(draft)).content.decode()
    assert (list(draft.attachments.current()), page.count("移除“")) == ([added], 0)


def test_what_a_neighbour_removed_is_not_there_for_anybody_else(client, draft):
    added = add(draft)
    attachments.remove(added, by=filer())

    for other in (filer("3708"), reviewer(), factories.auditor()):
        sign_in(client, other)
        assert client.post(reverse("attachment-restore", args=[added.pk])).status_code in (403, 404)
    assert list(draft.attachments.current()) == []


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
