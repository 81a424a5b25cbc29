"""A draft whose project left the catalogue: told so, offered the successor, kept knowingly or not at all."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from portal import catalogue, documents, drafts, edition_changes, rules, workflow
from portal.models import CatalogueEntry, Edition, Filing
from portal.snapshot import take
from portal.vocabulary import ExitReason, State
from tests import editing
from tests.factories import COMMENT, DOCUMENT, PROVINCE, act, draft, entry, filer, filing, publisher, road

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
EXPLANATION = "演示数据。该品牌的考核仍按原项目进行。"


def project(name: str, **changes) -> CatalogueEntry:
    return entry(editing.KIND, name=name, on=JANUARY, **changes)


def brand(state: str, *names: str, **changes) -> Filing:
    """Return a brand that chose these projects, as far as ``state``."""
    return filing("skill-brands", state, exam_projects=list(names), **changes)


def the_second_edition() -> Edition:
    """Drop 演示戊, rename 演示乙, merge 演示丙 into 演示甲."""
    found = {e.title: e for e in CatalogueEntry.objects.in_force().filter(kind=editing.KIND)}
    edition = editing.prepared(on=MAY, name="2024年版")
    by = filer(PROVINCE)
    edition_changes.take_out(edition, found["演示戊"], by=by, reason="演示数据。不再考核。")
    editing.amended(edition, found["演示乙"], name="演示乙新名")
    edition_changes.merge(edition, found["演示丙"], found["演示甲"], by=by)
    return editing.out(edition)


@pytest.fixture
def first_edition() -> Edition:
    for word in "甲乙丙戊":
        project(f"演示{word}")
    return Edition.objects.create(
        kind=editing.KIND, name="2023年版", on=JANUARY, published_at="2024-01-01T00:00Z"
    )


def said(record: Filing) -> list[tuple[str, bool]]:
    fresh = Filing.objects.get(pk=record.pk).record
    found = rules.problems(fresh)
    return [(p.text, p.needs_explanation) for p in found if p.field == "exam_projects"]


def test_a_submitted_filing_is_unchanged_by_the_next_edition_and_prints_as_it_was(first_edition):
    old = brand(State.CITY_REVIEW, "演示乙", "演示丙", "演示戊")
    kept, printed = old.versions.get(), documents.printed_form(old)

    the_second_edition()

    again = Filing.objects.get(pk=old.pk)
    assert (again.versions.get().snapshot, again.versions.get().sha256) == (kept.snapshot, kept.sha256)
    assert kept.snapshot["editions"] == {"exam-projects": "2023年版"}
    assert documents.printed_form(again) == printed
    assert "演示乙、演示丙、演示戊" in str(printed)
    for action, by, arguments in road(again.record, State.APPROVED)[1:]:
        again = act(again, action, by, **arguments)
    assert again.state == State.APPROVED


def test_a_new_filing_can_neither_choose_nor_submit_what_was_dropped(first_edition):
    begun = draft("skill-brands", exam_projects=["演示乙", "演示丙", "演示戊"])

    the_second_edition()

    ask = "请改选后继条目。"
    renamed, kept = (CatalogueEntry.objects.in_force().get(title=name) for name in ("演示乙新名", "演示甲"))
    assert said(begun) == [
        (f"“演示乙”已于 {MAY} 更名为“演示乙新名”（{renamed.code}）。{ask}", False),
        (f"“演示丙”已于 {MAY} 并入“演示甲”（{kept.code}）。{ask}", False),
        (
            f"“演示戊”已于 {MAY} 移出专项职业能力考核项目目录，没有后继条目。请从最新目录中重新选取。",
            False,
        ),
    ]
    begun.explanation = EXPLANATION
    begun.save()
    with pytest.raises(workflow.Invalid):
        act(begun, "submit", filer())
    page = page_of(
        filer(), "filing-edit", draft("skill-brands", name="演示另一品牌", exam_projects=["演示甲"])
    )
    choices = re.findall(r'name="exam_projects"[^>]*>\s*<span>([^<]*)<', page)
    assert [choice.split(" · ")[0] for choice in choices] == ["演示甲", "演示乙新名"]


def page_of(user, name: str, record: Filing) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse(name, args=[record.pk])).content.decode()


def returned(*names: str) -> Filing:
    record = brand(State.RETURNED, *names)
    the_second_edition()
    return Filing.objects.get(pk=record.pk).record


def test_a_returned_filing_keeps_what_it_was_submitted_with_knowingly(first_edition):
    record = returned("演示甲", "演示戊")

    assert said(record) == [
        (
            f"“演示戊”已于 {MAY} 移出专项职业能力考核项目目录，没有后继条目。"
            "保留的是2023年版的内容；确需保留的，在情况说明中写明原因。",
            True,
        )
    ]
    with pytest.raises(workflow.Invalid):
        act(record, "submit", filer())
    drafts.save(record, by=filer(), revision=record.revision, values={"explanation": EXPLANATION})
    sent = act(record, "submit", filer())
    titles = [one["title"] for one in sent.versions.get(number=2).snapshot["values"]["exam_projects"]]
    assert (sent.state, titles) == (State.CITY_REVIEW, ["演示甲", "演示戊"])


def test_a_returned_filing_may_not_choose_another_that_was_dropped(first_edition):
    record = returned("演示甲", "演示乙")
    dropped = CatalogueEntry.objects.get(title="演示戊").filing.record

    drafts.save(record, by=filer(), revision=record.revision, values={"exam_projects": [dropped]})

    assert [warning for _, warning in said(record)] == [False]


def test_one_click_on_the_form_lets_successors_take_the_place_and_keeps_what_was_typed(first_edition):
    record = returned("演示甲", "演示乙", "演示丙", "演示戊")
    client = Client()
    client.force_login(filer())
    page = client.get(reverse("filing-edit", args=[record.pk]))
    assert "3 项所选内容已不在现行目录" in page.content.decode()
    typed = fields(page) | {"advantage_people": "刚刚写的从业人员情况。", "then": "migrate"}

    moved = client.post(reverse("filing-edit", args=[record.pk]), typed)

    again = Filing.objects.get(pk=record.pk).record
    assert (moved.status_code, again.advantage_people) == (302, "刚刚写的从业人员情况。")
    assert sorted(p.title for p in again.exam_projects.all()) == ["演示乙新名", "演示戊", "演示甲"]
    assert [warning for _, warning in said(again)] == [True]


def fields(page) -> dict:
    """Return what a browser would send of the form of a page."""
    form = page.context["sections"][0].questions[0].field.form
    names = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in names.items() if value not in (None, False)}
    return {"revision": page.context["record"].revision, **sent}


def test_one_click_before_submission_does_the_same_and_keeps_the_explanation(first_edition):
    record = returned("演示乙")
    client = Client()
    client.force_login(filer())
    assert "改选后继条目" in page_of(filer(), "filing-check", record)

    url = reverse("filing-succeed", args=[record.pk])
    moved = client.post(url, {"explanation": EXPLANATION, "then": "migrate"})

    again = Filing.objects.get(pk=record.pk).record
    assert (moved.url, again.explanation) == (reverse("filing-check", args=[record.pk]), EXPLANATION)
    assert ([p.title for p in again.exam_projects.all()], said(again)) == (["演示乙新名"], [])
    assert act(again, "submit", filer()).state == State.CITY_REVIEW


def test_the_choice_of_another_bureau_is_not_there_to_be_moved(first_edition):
    record = returned("演示乙")
    client = Client()
    client.force_login(filer("3708"))

    assert client.post(reverse("filing-succeed", args=[record.pk])).status_code == 404


def test_rows_are_told_of_too_and_two_that_become_one_stay_one(first_edition):
    rows = [{"project": f"演示{word}", "region": "潍坊市"} for word in "甲丙戊"]
    record = draft("exam-institutions", authorizations=rows)
    the_second_edition()

    found = [p.text for p in rules.problems(record) if p.field == "authorizations"]
    client = Client()
    client.force_login(filer())
    client.post(reverse("filing-succeed", args=[record.pk]))

    assert [text[:5] for text in found] == ["“演示丙”", "“演示戊”"]
    again = Filing.objects.get(pk=record.pk).record
    assert [row.project.title for row in again.authorizations.order_by("pk")] == ["演示甲", "演示戊"]


def test_an_institution_stays_authorised_for_a_project_that_was_renamed(first_edition):
    entry("exam-institutions", name="演示学校", authorizations=[{"project": "演示乙", "region": "潍坊市"}])
    the_second_edition()

    record = draft("skill-brands", exam_projects=["演示乙新名"], institutions=["演示学校"])

    assert [p.text for p in rules.problems(record) if p.field == "institutions"] == []


def test_a_choice_that_was_only_amended_is_moved_to_the_text_in_force():
    old = project("演示甲")
    record = draft("skill-brands", exam_projects=["演示甲"])
    edition = editing.prepared(on=MAY)
    editing.amended(edition, old, summary="演示数据。改过。")
    editing.out(edition)

    text = said(record)[0][0]

    assert text == f"“演示甲”已于 {MAY} 变更，现行的是“演示甲”（{old.code}）。请改选后继条目。"


def test_a_return_tells_of_its_year_whatever_became_of_what_it_names():
    old = entry("handicraft-projects", on=JANUARY)
    record = draft("project-training-returns")
    facts = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT, "comment": COMMENT}
    catalogue.exit(old, by=publisher(), **facts)

    assert [p.text for p in rules.problems(record.record) if "目录" in p.text] == []
    assert take(record)["type"] == "project-training-returns"
