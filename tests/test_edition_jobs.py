"""Acts of an edition with many changes: jobs that do what the request would have done, once or not at all."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from portal import edition_changes, edition_jobs, edition_pages, edition_workbook, jobs, verify
from portal.models import AccessRecord, Edition, Filing, Job, JobStatus, Membership, Message, User
from portal.vocabulary import State
from portal.workflow import Refused
from tests import editing
from tests.acting import probe
from tests.administration import staff
from tests.factories import COMMENT, PROVINCE, approver, auditor, entry, filer, publisher, sysadmin

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
REQUEST = "0123456789abcdef"
EXPLAINED = {"explanation": editing.EXPLANATION, "request_id": REQUEST}
SAID = {"comment": COMMENT, "request_id": REQUEST}
SENT = {"request_id": REQUEST}
#: act → how far the edition walked before, whose act it is, what is typed
ACTS: dict[str, tuple[Callable, Callable, dict]] = {
    "propose": (lambda edition: edition, lambda: filer(PROVINCE), EXPLAINED),
    "abandon": (lambda edition: edition, lambda: filer(PROVINCE), {}),
    "approve": (editing.proposed, approver, SENT),
    "return": (editing.ready, approver, SAID),
    "publish": (editing.ready, publisher, SENT),
}
EVERY = pytest.mark.parametrize("act", ACTS)


@pytest.fixture
def edition() -> Edition:
    """Return an edition in preparation with a change of each verb."""
    adjusted, renamed, merged, gone = (
        entry(editing.KIND, name=f"演示{word}", on=JANUARY) for word in "甲乙丙丁"
    )
    made = editing.prepared(on=MAY)
    new = editing.added(made, "演示新项目")
    editing.amended(made, adjusted, summary="演示数据。改过。")
    editing.amended(made, renamed, name="演示乙新名")
    edition_changes.merge(made, merged, new.filing, by=filer(PROVINCE))
    edition_changes.take_out(made, gone, by=filer(PROVINCE), reason="演示数据。不再考核。")
    return made


@pytest.fixture
def few(monkeypatch):
    """Let three changes be too many for a request."""
    monkeypatch.setattr("portal.edition_jobs.MOST_IN_A_REQUEST", 2)


def asked(edition: Edition, act: str) -> Job:
    """Walk an edition to where ``act`` is open, and ask for it."""
    before, who, facts = ACTS[act]
    return edition_jobs.ask(before(edition), act, by=who(), facts=facts)


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def stored(**told: Any) -> dict[str, list[dict[str, Any]]]:
    """Return all rows but jobs and what is ``told`` so, by their places: keys and times differ."""
    found = {m: m._base_manager.order_by("pk") for m in apps.get_models() if _is_told(m)}
    found[Message] = found[Message].exclude(**told) if told else found[Message]
    found[AccessRecord] = found[AccessRecord].exclude(act="job")
    places = {
        m: {pk: at for at, pk in enumerate(rows.values_list("pk", flat=True))} for m, rows in found.items()
    }
    return {
        model.__name__: [
            {f.attname: _plain(f, row[f.attname], places) for f in model._meta.concrete_fields}
            for row in rows.values()
        ]
        for model, rows in found.items()
    }


def _is_told(model: type[models.Model]) -> bool:
    return model._meta.managed and not issubclass(model, Job) and model._meta.app_label != "sessions"


def _plain(field: models.Field, value: Any, places: dict) -> Any:
    is_time = isinstance(field, models.DateTimeField | models.BigIntegerField) and not field.is_relation
    if (is_time and not field.primary_key) or field.name in ("hash", "previous_hash", "token"):
        return bool(value)
    model = field.remote_field.model if field.is_relation else field.model if field.primary_key else None
    return places[model].get(value) if model in places else value


def outcome(do: Callable[[], Any], **told: Any) -> dict:
    """Return what is stored after ``do``, and undo it."""
    with transaction.atomic():
        do()
        assert list(verify.faults()) == []
        found = stored(**told)
        transaction.set_rollback(True)
    return found


def done_by_job(edition: Edition, act: str, **more) -> None:
    who, facts = ACTS[act][1:]
    job = edition_jobs.ask(edition, act, by=who(), facts=facts)
    assert jobs.execute(job.pk) == "done"


@EVERY
def test_a_job_leaves_exactly_what_the_request_leaves(edition, act):
    before, who, facts = ACTS[act]
    before(edition)
    told = {"address": reverse("edition", args=[edition.pk]), "user": who()}  # that it is done

    at_once = outcome(lambda: edition_jobs.act(edition, act, by=who(), **facts), **told)
    by_job = outcome(lambda: done_by_job(edition, act), **told)

    assert by_job == at_once
    assert at_once != stored()


def sheet_of(edition: Edition) -> bytes:
    """Return the catalogue with one entry renamed and one left out."""
    book, saved = load_workbook(BytesIO(edition_workbook.template(edition))), BytesIO()
    book.worksheets[0].cell(2, 2).value = "演示甲新名"
    book.worksheets[0].delete_rows(4)
    book.save(saved)
    return saved.getvalue()


def sheet(edition: Edition) -> edition_jobs.Sheet:
    """Return a sheet as its sender confirmed it."""
    sent = edition_jobs.Sheet("目录.xlsx", True, "演示理由。", {}, sheet_of(edition))
    counts = sent.read(edition, filer(PROVINCE)).counts
    return edition_jobs.Sheet(sent.name, sent.whole, sent.reason, counts, sent.data)


def taken(edition: Edition) -> Edition | Job:
    found, by = sheet(edition), filer(PROVINCE)
    return edition_jobs.take(edition, found, found.read(edition, by), by=by)


def test_a_sheet_taken_by_a_job_leaves_exactly_what_the_request_leaves(edition, monkeypatch):
    at_once = outcome(lambda: taken(edition))
    monkeypatch.setattr("portal.edition_jobs.MOST_IN_A_REQUEST", 2)
    address = reverse("edition", args=[edition.pk])
    by_job = outcome(lambda: jobs.execute(taken(edition).pk), address=address)

    assert by_job == at_once
    assert at_once != stored()


def test_who_asked_is_told_when_it_is_done_and_his_page_leads_there(edition):
    job = asked(edition, "publish")

    jobs.execute(job.pk)

    told = Message.objects.filter(user=publisher()).order_by("-pk").first()
    assert (told.text, told.address) == (
        f"“演示新版”已发布，从 {MAY} 起现行。",
        f"/desk/editions/{edition.pk}/",
    )
    job = again(job)
    assert (job.status, job.done, job.total, job.title) == (JobStatus.DONE, 5, 5, "发布 演示新版")
    assert jobs.execute(job.pk) == "not taken: done"
    with pytest.raises(Refused, match="已经结束"):
        jobs.cancel(job, by=publisher())


def test_a_refusal_is_the_answer_of_the_job_with_every_reason_and_leaves_nothing(edition):
    editing.added(edition, "演示没有填好", summary="")
    job, before = asked(edition, "propose"), stored()

    assert jobs.execute(job.pk) == "failed"

    job = again(job)
    assert job.reason == "有 1 处须先处理，没有送审。"
    assert job.parameters["reasons"] == ["《演示没有填好》：请填写项目简介。"]
    after = stored(address=jobs.ADDRESS.format(job.pk))
    assert after == before
    page = text(client(filer(PROVINCE)).get(reverse("job", args=[job.pk])))
    assert "没有办理，一切保持原样" in page and "《演示没有填好》：请填写项目简介。" in page


def test_whoever_lost_his_post_meanwhile_does_nothing_any_more(edition):
    job = asked(edition, "publish")
    Membership.objects.filter(user=publisher()).update(valid_to=JANUARY)

    jobs.execute(job.pk)

    assert (again(job).status, again(job).reason) == (JobStatus.FAILED, "您的岗位不能办理这个动作。")
    assert not Edition.objects.published().exists()


def test_what_cannot_be_carried_out_is_tried_again_and_then_given_up_with_the_number_of_the_job(edition):
    job = asked(edition, "publish")
    broken = job.parameters | {"facts": {"nonsense": ""}}
    Job.objects.filter(pk=job.pk).update(parameters=broken)

    ends = []
    for _ in range(jobs.MOST_ATTEMPTS):
        Job.objects.filter(pk=job.pk).update(run_after=job.requested_at)
        ends.append(jobs.execute(job.pk))

    assert ends == ["queued", "queued", "failed"]
    assert again(job).reason == edition_jobs.TROUBLE.format(job.pk)


def test_a_sheet_that_would_change_something_else_by_now_is_not_taken(edition, few):
    job = taken(edition)
    entry(editing.KIND, name="演示后来的", on=JANUARY)

    jobs.execute(job.pk)

    assert (again(job).status, again(job).reason) == (JobStatus.FAILED, edition_jobs.MOVED_ON)
    assert edition.changes.count() == 5


def test_a_sheet_that_cannot_be_read_any_more_says_each_fault(edition, few):
    job = taken(edition)
    Edition.objects.filter(pk=edition.pk).update(kind="labour-brands")

    jobs.execute(job.pk)

    assert again(job).status == JobStatus.FAILED
    assert again(job).parameters["reasons"] != []


def test_administrators_do_not_read_the_sheet_a_job_was_given(edition, few):
    job = taken(edition)

    page = client(staff(sysadmin())).get(reverse("admin:portal_job_change", args=[job.pk]))

    assert (page.status_code, job.parameters["upload"] in page.content.decode()) == (200, False)


def test_a_sheet_is_forgotten_when_its_job_has_ended(edition, few):
    job = taken(edition)
    jobs.tidy()
    assert again(job).parameters["upload"] != ""

    jobs.execute(job.pk)
    jobs.tidy()

    assert sorted(again(job).parameters) == ["act", "edition", "facts", "user"]


def test_a_job_that_another_worker_took_over_commits_nothing(edition):
    """At the third change somebody else holds the job."""
    job, before = asked(edition, "publish"), stored()

    with probe(lambda job: Job.objects.filter(pk=job.pk).update(token=99), at=3):
        end = jobs.execute(job.pk)

    assert (end, stored()) == ("lost", before)


def client(user: User) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def order(user: User, edition: Edition, act: str, **typed):
    """Send an act from the page as it is now."""
    by, address = client(user), reverse("edition", args=[edition.pk])
    seen = re.search(r'name="seen" value="([^"]*)"', by.get(address).content.decode())
    sent = {"act": act, "seen": seen[1] if seen else "", **typed}
    return by.post(reverse("edition-act", args=[edition.pk]), sent)


def test_an_act_of_many_changes_leads_to_its_job_which_leads_back(edition, few):
    answer = order(filer(PROVINCE), edition, "propose", explanation=editing.EXPLANATION)
    job = Job.objects.get()

    assert answer.url == reverse("job", args=[job.pk])
    by = client(filer(PROVINCE))
    waiting = text(by.get(answer.url))
    assert "排队中" in waiting and "取消办理" in waiting and "生成" not in waiting
    jobs.execute(job.pk)
    page = by.get(answer.url)
    assert "已经办完" in text(page) and "生成" not in text(page) and "下载" not in text(page)
    assert f'href="{reverse("edition", args=[edition.pk])}"' in page.content.decode()
    edition.refresh_from_db()
    assert edition.proposed_by == filer(PROVINCE)
    explained = {change.filing.explanation for change in edition.changes.filter(verb="added")}
    assert explained == {editing.EXPLANATION}


def test_what_was_typed_for_a_long_act_that_is_refused_can_be_read_again(edition, few):
    editing.ready(edition)
    address = order(approver(), edition, "return", comment=COMMENT).url
    Membership.objects.filter(user=approver()).update(role="auditor")

    jobs.execute(Job.objects.get().pk)

    page = text(client(approver()).get(address))
    assert "没有办理，一切保持原样" in page and COMMENT in page


def test_an_act_of_few_changes_is_done_in_the_request(edition):
    answer = order(filer(PROVINCE), edition, "propose", explanation=editing.EXPLANATION)

    assert (answer.url, Job.objects.count()) == (reverse("edition", args=[edition.pk]), 0)


def test_while_an_act_is_under_way_everybody_reads_so_and_finds_everything_closed(edition, few):
    job = asked(edition, "propose")

    for user, is_his in ((filer(PROVINCE), True), (approver(), False), (auditor(), False)):
        page = client(user).get(reverse("edition", args=[edition.pk]))
        assert "正在办理：送审 演示新版" in text(page)
        assert (reverse("job", args=[job.pk]) in page.content.decode()) is is_his
        assert 'name="act"' not in page.content.decode()
        assert reverse("edition-add", args=[edition.pk]) not in page.content.decode()


def test_while_an_act_is_under_way_nothing_else_is_done(edition, few):
    asked(edition, "propose")
    by, before = client(filer(PROVINCE)), stored()
    change, facts = edition.changes.first(), {"name": "别的", "on": "2024-06-01", "document_number": ""}
    sent = {
        "edition-act": {"act": "abandon", "seen": edition_pages.seen(edition)},
        "edition-add": {"what": "new"},
        "edition-attach": {"file": SimpleUploadedFile("通知.pdf", b"%PDF-1.7\n%%EOF\n")},
    }

    refused = [by.post(reverse(name, args=[edition.pk]), typed) for name, typed in sent.items()]
    refused.append(by.post(reverse("edition-drop", args=[edition.pk, change.pk])))
    closed = [
        by.post(reverse(name, args=[edition.pk]), facts) for name in ("edition-change", "edition-import")
    ]

    assert [answer.status_code for answer in refused] == [422] * 4
    assert {"正在办理“送审 演示新版”，办完以前不能办理别的。" in text(answer) for answer in refused} == {True}
    assert [answer.url for answer in closed] == [reverse("edition", args=[edition.pk])] * 2
    assert (stored(), Job.objects.count()) == (before, 1)


def test_a_cancelled_act_opens_the_edition_again_as_it_was(edition, few):
    job = asked(edition, "propose")
    by = client(filer(PROVINCE))

    stopped = by.post(reverse("job-cancel", args=[job.pk]), follow=True)

    assert "已取消，没有办理，一切保持原样" in text(stopped)
    assert (jobs.execute(job.pk), edition.changes.first().filing.state) == (
        "not taken: cancelled",
        State.DRAFT,
    )
    assert 'name="act"' in by.get(reverse("edition", args=[edition.pk])).content.decode()


def test_a_long_sheet_that_is_confirmed_leads_to_a_job_that_makes_its_drafts(edition, few):
    by, url = client(filer(PROVINCE)), reverse("edition-import", args=[edition.pk])
    sent = {"file": SimpleUploadedFile("目录.xlsx", sheet_of(edition)), "missing": "whole", "reason": "演示"}
    preview = by.post(url, sent).content.decode()
    names = ("content", "name", "missing", "reason")
    carried = {name: re.search(f'name="{name}" value="([^"]*)"', preview)[1] for name in names}

    answer = by.post(url, {"confirm": "1", **carried})

    job = Job.objects.get()
    assert (answer.url, edition.changes.count()) == (reverse("job", args=[job.pk]), 5)
    assert jobs.execute(job.pk) == "done"
    assert sorted(edition.changes.values_list("verb", flat=True)) == ["removed", "renamed"]
    assert Filing.objects.filter(state=State.CANCELLED).count() == 3
    told = Message.objects.filter(user=filer(PROVINCE)).order_by("-pk").first()
    assert told.text == "“演示新版”已按表格编成 2 项变化，核对后送审。"
