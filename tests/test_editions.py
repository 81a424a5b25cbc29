"""Editions: what three people make of the catalogue in force, all at once or not at all."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal import catalogue, differences, drafts, edition_changes, editions, workflow
from portal.models import CatalogueEntry, Edition, Filing, Message
from portal.vocabulary import ExitReason, State
from tests import editing
from tests.factories import (
    COMMENT,
    DOCUMENT,
    PROVINCE,
    WEIFANG,
    add_post,
    approved,
    approver,
    bureau,
    entry,
    filer,
    person,
    publisher,
    reviewer,
)

pytestmark = pytest.mark.django_db

JANUARY, MAY = date(2024, 1, 1), date(2024, 5, 1)
KIND = editing.KIND


def project(name: str, **changes) -> CatalogueEntry:
    return entry(KIND, name=name, on=JANUARY, **changes)


def everything() -> dict:
    """Return what an act that was refused must leave as it is."""
    return {
        "filings": list(Filing.objects.order_by("pk").values_list("pk", "state", "step", "holds_name")),
        "entries": list(CatalogueEntry.objects.order_by("pk").values_list("pk", "valid_to", "exit_reason")),
        "editions": list(Edition.objects.order_by("pk").values()),
    }


def refused(act, *arguments, **keywords) -> str:
    """Return the sentence of a refusal, after proof that nothing changed."""
    before = everything()
    with pytest.raises(workflow.Refused) as refusal:
        act(*arguments, **keywords)
    assert everything() == before
    return "；".join([str(refusal.value), *getattr(refusal.value, "lines", ())])


def the_second_edition() -> Edition:
    """Return an edition that does everything an edition can do."""
    adjusted, renamed, one, two, gone = (project(f"演示{word}") for word in "甲乙丙丁戊")
    project("演示己")
    edition = editing.prepared(on=MAY)
    new = editing.added(edition, "演示新项目")
    editing.amended(edition, adjusted, summary="演示数据。改过。")
    editing.amended(edition, renamed, name="演示乙新名")
    edition_changes.merge(edition, one, new.filing, by=filer(PROVINCE))
    edition_changes.merge(edition, two, renamed, by=filer(PROVINCE), reason="演示数据。内容相同。")
    edition_changes.take_out(edition, gone, by=filer(PROVINCE), reason="演示数据。不再考核。")
    return edition


def test_an_edition_changes_the_catalogue_on_its_day_exactly_as_proposed():
    edition = editing.out(the_second_edition())

    found = differences.difference(KIND, "37", JANUARY, MAY)
    assert [
        (c.verb, c.entry.title, (c.after or c.successor or c).title if c.after or c.successor else "")
        for c in found.changes
    ] == [
        ("added", "演示新项目", "演示新项目"),
        ("adjusted", "演示甲", "演示甲"),
        ("renamed", "演示乙", "演示乙新名"),
        ("merged", "演示丙", "演示新项目"),
        ("merged", "演示丁", "演示乙新名"),
        ("removed", "演示戊", ""),
    ]
    assert Edition.latest(KIND) == edition
    new = CatalogueEntry.objects.filter(valid_from=MAY)
    assert set(new.values_list("document_number", flat=True)) == {editing.NUMBER}
    left = CatalogueEntry.objects.exclude(exit_reason="").values_list("exit_reason", flat=True)
    assert sorted(left) == ["adjusted", "merged", "merged"]
    assert list(editions.faults()) == []


def test_what_somebody_does_to_a_filing_meanwhile_stops_the_edition_with_a_sentence_that_names_it():
    edition = editing.prepared(on=MAY)
    for name in ("演示新项目一", "演示新项目二"):
        editing.added(edition, name)
    proposed = editing.proposed(edition)
    later = Filing.objects.get(title="演示新项目二")

    def somebody_returns_it(done, total, step):
        if done == 1:
            workflow.perform(later, "return", by=approver(), version=later.version, comment=COMMENT)

    said = refused(editions.approve, proposed, by=approver(), progress=somebody_returns_it)

    assert said == "《演示新项目二》：这件填报刚刚已由他人处理，没有办理，整版保持原样；请刷新后再试。"


def test_what_the_province_changes_stays_where_it_lies():
    old = project("演示甲")

    edition = editing.prepared(on=MAY)
    editing.amended(edition, old, summary="演示数据。改过。")
    editing.out(edition)

    new = CatalogueEntry.objects.get(code=old.code, valid_to=None)
    assert (new.region_id, new.filing.region_id, new.filing.organisation.region_id) == (
        WEIFANG,
        WEIFANG,
        "37",
    )
    again = catalogue.amend(new, by=filer(PROVINCE))
    assert (again.region_id, again.organisation.region_id) == (WEIFANG, "37")


def test_only_for_an_edition_the_province_changes_what_others_filed():
    old = project("演示甲")

    facts = {"by": filer(PROVINCE), "organisation": bureau(PROVINCE)}
    others = editing.prepared("labour-brands", on=MAY)
    for edition in (None, others, editing.proposed_in_vain(MAY)):
        said = refused(drafts.copy, old.filing, **facts, edition=edition)
        assert said.startswith("只能变更本单位填报的条目")


def test_a_filing_of_a_city_that_waits_for_publication_comes_with_the_edition():
    waiting, edition = approved(KIND, name="演示新"), editing.prepared(on=MAY)
    edition_changes.add_filing(edition, waiting, by=filer(PROVINCE))
    assert refused(edition_changes.add_filing, edition, waiting, by=filer(PROVINCE)) == (
        "只能列入已审核通过、尚未公布、也没有列入新版的填报。"
    )

    editing.out(edition)

    assert CatalogueEntry.objects.get(filing=waiting).valid_from == MAY


def test_a_city_cannot_do_without_specifications_and_the_province_explains():
    edition = editing.prepared(on=MAY)
    editing.added(edition, "演示甲")

    said = refused(editions.propose, edition, by=filer(PROVINCE))
    editing.proposed(edition)

    assert said == ("有 1 处须先处理，没有送审。；《演示甲》：请填写至少一版考核规范，属实的请写情况说明。")
    change = edition.changes.get()
    assert (change.filing.state, change.filing.explanation) == (State.PROVINCE_REVIEW, editing.EXPLANATION)


def test_three_different_people_make_an_edition():
    edition = editing.prepared(on=MAY)
    editing.added(edition, "演示甲")
    two_hats = person("approver", PROVINCE, name="second filer")

    add_post(two_hats, "filer", PROVINCE)
    two_hats = person("approver", PROVINCE, name="second filer")
    for who in (filer(WEIFANG), reviewer(PROVINCE), publisher(), approver()):
        assert refused(editions.propose, edition, by=who) == "您的岗位不能办理这个动作。"
    editing.proposed(edition)
    for who in (filer(PROVINCE), publisher(), reviewer()):
        assert refused(editions.approve, edition, by=who) == "您的岗位不能办理这个动作。"
    assert "须由他人审定" in refused(editions.approve, edition, by=two_hats)
    assert refused(editions.publish, edition, by=publisher()) == "发布现在不能办理：这一版待审定。"
    editions.approve(edition, by=approver())
    for who in (filer(PROVINCE), approver(), publisher(WEIFANG)):
        assert refused(editions.publish, edition, by=who) == "您的岗位不能办理这个动作。"


def test_what_an_edition_lists_is_published_with_it_alone():
    waiting, edition = approved(KIND, name="演示新"), editing.prepared(on=MAY)
    edition_changes.add_filing(edition, waiting, by=filer(PROVINCE))

    facts = {"by": publisher(), "document_number": DOCUMENT}
    assert refused(catalogue.publish, waiting, **facts) == "已列入“演示新版”，随这一版一并公布。"

    edition_changes.drop(edition.changes.get(), by=filer(PROVINCE))
    assert catalogue.publish(waiting, **facts).code


def test_each_hand_is_told_when_the_edition_comes_to_it():
    filer(PROVINCE), approver(), publisher()
    edition = editing.prepared(on=MAY)
    editing.added(edition, "演示甲")
    editing.out(edition)

    said = Message.objects.filter(text__startswith="“演示新版”").values_list("user__username", "text")

    about = "“演示新版”（专项职业能力考核项目目录）"
    assert sorted(said) == sorted(
        [
            (approver().username, f"{about}已送审，请审定"),
            (filer(PROVINCE).username, f"{about}已审定，等待发布"),
            (publisher().username, f"{about}已审定，等待发布"),
            (filer(PROVINCE).username, f"{about}已发布，从 {MAY} 起现行"),
            (approver().username, f"{about}已发布，从 {MAY} 起现行"),
        ]
    )


def test_an_edition_that_was_sent_takes_no_further_change():
    edition = editing.proposed_in_vain(MAY)

    assert refused(edition_changes.begin, edition, by=filer(PROVINCE)) == edition_changes.SENT


def test_what_was_approved_before_the_edition_stays_approved_when_it_is_returned():
    edition, before = editing.prepared(on=MAY), approved("exam-projects", place=PROVINCE)
    edition_changes.add_filing(edition, before, by=filer(PROVINCE))

    editions.send_back(editing.ready(edition), by=approver(), comment=COMMENT)

    before.refresh_from_db()
    assert before.state == State.APPROVED


def test_a_returned_edition_is_in_preparation_again_with_all_its_filings():
    edition = editing.ready(the_second_edition())
    assert refused(editions.send_back, edition, by=approver(), comment=" ").startswith("退回须写明意见")

    editions.send_back(edition, by=approver(), comment=COMMENT)

    edition.refresh_from_db()
    assert (edition.proposed_at, edition.approved_at) == (None, None)
    states = {c.filing.state for c in edition.changes.filter(verb__in=edition_changes.COMING)}
    assert states == {State.RETURNED}
    assert editing.out(edition).published_at


def test_an_edition_given_up_leaves_nothing_behind():
    edition = the_second_edition()
    made = [c.filing for c in edition.changes.filter(verb__in=edition_changes.COMING)]

    editions.abandon(edition, by=filer(PROVINCE))

    assert {Filing.objects.get(pk=f.pk).state for f in made} == {State.CANCELLED}
    assert editing.prepared(on=MAY).pk != edition.pk


def test_one_edition_is_prepared_at_a_time_and_dated_after_the_one_in_force():
    first = editing.prepared(on=MAY)
    assert (
        refused(editing.prepared, name="演示另一版", on=MAY) == "这个目录已有一版在编制，请先发布或放弃它。"
    )
    editing.added(first, "演示甲")
    editing.out(first)

    said = refused(editing.prepared, name="演示第三版", on=MAY)

    assert said == f"“演示新版”以 {MAY} 为准，本版的日期要晚于这一天。"
    assert refused(editing.prepared, on=MAY + timedelta(days=1)) == "已有同名的版次，请换一个名称。"


def test_an_edition_of_tomorrow_waits_for_its_day():
    edition = editing.prepared(on=timezone.localdate() + timedelta(days=1))
    editing.added(edition, "演示甲")
    editing.ready(edition)

    assert "到那一天才能发布" in refused(editions.publish, edition, by=publisher())


def test_what_others_changed_meanwhile_is_named_and_nothing_is_published():
    one, two = project("演示甲"), project("演示乙")
    edition = editing.prepared(on=MAY)
    editing.added(edition, "演示新")
    edition_changes.take_out(edition, one, by=filer(PROVINCE), reason="演示数据。")
    editing.amended(edition, two, summary="演示数据。改过。")
    editing.ready(edition)
    for gone in (one, two):
        facts = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT, "on": JANUARY}
        catalogue.exit(gone, by=publisher(), **facts)

    said = refused(editions.publish, edition, by=publisher())

    assert said.startswith("有 2 处不能发布。本版没有发布，目录没有任何变化。")
    assert f"{one.code}“演示甲”已于 {JANUARY} 由他人退出目录" in said
    editions.send_back(edition, by=approver(), comment=COMMENT)
    for change in edition.changes.exclude(entry=None):
        edition_changes.drop(change, by=filer(PROVINCE))
    assert editing.out(edition).published_at


def test_a_refusal_in_the_middle_leaves_the_whole_catalogue_as_it_was():
    edition = the_second_edition()
    late = project("演示庚")
    edition_changes.take_out(edition, late, by=filer(PROVINCE), reason="演示数据。")
    editing.ready(edition)
    # Promoted later than the edition: an exit before that day is refused, after others were done.
    CatalogueEntry.objects.filter(pk=late.pk).update(valid_from=MAY + timedelta(days=3))

    assert "演示庚" in refused(editions.publish, edition, by=publisher())


def test_what_others_merge_into_is_not_dropped_and_a_merger_needs_a_target_that_stays():
    one, two = project("演示甲"), project("演示乙")
    edition = editing.prepared(on=MAY)
    new = editing.added(edition, "演示新")
    edition_changes.merge(edition, one, new.filing, by=filer(PROVINCE))

    assert "请先去掉那几项合并" in refused(edition_changes.drop, new, by=filer(PROVINCE))
    assert refused(edition_changes.merge, edition, two, two, by=filer(PROVINCE)).startswith("不能并入自己")
    assert "已有一项变化" in refused(
        edition_changes.take_out, edition, one, by=filer(PROVINCE), reason="演示数据。"
    )
    assert refused(edition_changes.take_out, edition, two, by=filer(PROVINCE), reason="") == (
        edition_changes.NO_REASON
    )


def test_a_city_makes_the_editions_of_its_own_catalogues():
    old = entry("handicraft-projects", on=JANUARY)
    edition = editing.prepared("handicraft-projects", by=filer(WEIFANG), on=MAY)
    assert edition.region_id == WEIFANG
    edition_changes.take_out(edition, old, by=filer(WEIFANG), reason="演示数据。不再开班。")

    editions.propose(edition, by=filer(WEIFANG))
    editions.approve(edition, by=reviewer(WEIFANG))
    editions.publish(edition, by=publisher(WEIFANG))

    assert Edition.latest("handicraft-projects", WEIFANG) == edition
    assert Edition.latest("handicraft-projects", "3708") is None
    assert refused(editing.prepared, "handicraft-projects") == edition_changes.NOT_YOURS


def test_whoever_sees_a_published_edition_without_its_changes_is_told_by_the_nightly_check():
    edition = editing.out(the_second_edition())
    change = edition.changes.get(verb="removed")
    CatalogueEntry.objects.filter(pk=change.entry_id).update(exit_reason=ExitReason.VOLUNTARY)
    Edition.objects.filter(pk=edition.pk).update(approved_at=None)

    assert list(editions.faults()) == [
        f"目录版次 {edition.pk}：已发布，没有送审或审定的时间。",
        f"目录版次 {edition.pk} 的第 {change.pk} 项变化（removed）没有发生。",
    ]
