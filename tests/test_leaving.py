"""What stays of an entry that a review put out, and the road by which it comes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import catalogue, outcomes, periodic, verify, workflow
from portal.models import CatalogueEntry, Edition, Filing, ReviewFigure
from portal.vocabulary import State
from tests.campaigning import get, post, said
from tests.crawling import words
from tests.factories import (
    DOCUMENT,
    WEIFANG,
    act,
    approver,
    entry,
    filer,
    publish,
    publisher,
    reviewer,
    road,
)
from tests.public import address, read
from tests.races import kinds, race
from tests.reviewing import (
    ENOUGH,
    INSTITUTIONS,
    LOW,
    MAY,
    NUMBER,
    acts,
    frozen,
    handed_in,
    hearing_over,
    intended,
    item_of,
    opened,
    opener,
    removed,
    units,
)

ROUNDS = 20
FIGURES = {"exams": 3, "candidates": 90, "certificates": 80}


def page(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def exited() -> CatalogueEntry:
    """An institution that a review put out today; an edition of 2024 holds it."""
    institution = entry(INSTITUTIONS, on=MAY)
    Edition.objects.create(
        kind=INSTITUTIONS, name="演示2024年版", on=MAY + timedelta(days=30), published_at=timezone.now()
    )
    review = opened(INSTITUTIONS)
    handed_in(item_of(review), FIGURES)
    frozen(review)
    removed(hearing_over(intended(item_of(review), reason="lax_assessment")))
    return CatalogueEntry.objects.get(pk=institution.pk)


@pytest.mark.django_db
def test_an_exited_entry_leaves_the_list_and_keeps_its_page_as_a_tombstone(client, exited):
    listed, shown = read(client, f"/catalogue/{INSTITUTIONS}/"), read(client, address(exited))

    assert exited.code not in listed
    assert [word in shown for word in (exited.title, "鉴定考核把关不严", NUMBER, "退出目录")] == [True] * 4
    assert exited.code in read(client, f"/catalogue/{INSTITUTIONS}/?status=exited")


@pytest.mark.django_db
def test_an_exited_entry_keeps_its_place_in_the_edition_of_its_time(client, exited):
    edition = Edition.objects.get()

    assert list(CatalogueEntry.objects.filter(kind=INSTITUTIONS).in_force(edition.on)) == [exited]
    assert list(CatalogueEntry.objects.filter(kind=INSTITUTIONS).in_force()) == []
    assert exited.title in read(client, f"/catalogue/{INSTITUTIONS}/editions/{edition.on}/")


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", ["docx", "pdf"])
def test_an_exited_entry_is_printed_as_it_was(client, exited, suffix):
    printed = get(client, filer(), "filing-print", exited.filing_id, suffix)

    assert printed.status_code == 200
    assert exited.title == exited.filing.versions.get().snapshot["title"]
    if suffix == "docx":
        assert exited.title in words(printed)


@pytest.mark.django_db
def test_an_exited_entry_comes_back_by_filing_review_and_publication(client, exited):
    shown = page(get(client, filer(), "filing", exited.filing_id))
    assert "申请重新列入" in shown and "办理变更" not in shown

    answer = post(client, filer(), "reinstate", exited.code)

    draft = Filing.objects.get(amends=exited.filing_id)
    assert "重新列入，公布后恢复原编号" in page(get(client, filer(), "filing-edit", draft.pk))
    assert said(answer) == ["已开立重新列入的草稿。修改后提交审核；公布以前，公开页照旧显示已退出。"]
    waiting = page(get(client, filer(), "filing", exited.filing_id))
    assert "已有一份重新列入的申请在办" in waiting and "申请重新列入</button>" not in waiting
    record = draft.record
    for action, by, arguments in road(record, State.APPROVED):
        record = act(record, action, by, **arguments)
    form = get(client, publisher(), "publish", record.pk)
    new = publish(record)
    assert "这是重新列入" in page(form) and f"<dd>{exited.code}（沿用）</dd>" in page(form)
    assert (new.code, new.valid_from, new.valid_to) == (exited.code, timezone.localdate(), None)
    assert exited.code in read(client, f"/catalogue/{INSTITUTIONS}/")
    assert "现行有效" in read(client, address(new))
    assert acts(exited) == ["report", "intend", "exit"]
    assert list(verify.faults()) == []


@pytest.mark.django_db
def test_only_the_bureau_asks_to_be_listed_again_and_only_once(client, exited):
    codes = [post(client, who, "reinstate", exited.code).status_code for who in (opener(), filer("3708"))]
    first, second = [post(client, filer(), "reinstate", exited.code) for _ in range(2)]

    assert codes == [404, 404]
    assert said(second)[-1] == "这一条已有一份变更在办。"
    assert (first.status_code, Filing.objects.filter(amends=exited.filing_id).count()) == (302, 1)


@pytest.mark.django_db
def test_what_is_in_force_or_was_merged_is_not_listed_again(client):
    one, other = units(2)

    in_force = post(client, filer(), "reinstate", one.code)
    catalogue.merge(one, other, by=publisher(WEIFANG), document_number=DOCUMENT)
    merged = post(client, filer(), "reinstate", one.code)

    assert said(in_force) == ["只有已退出目录的条目可以申请重新列入。"]
    assert said(merged)[-1] == "这一条已并入其他条目，不能重新列入。"
    assert ">申请重新列入<" not in page(get(client, filer(), "filing", one.filing_id))


@pytest.mark.django_db
def test_nothing_happens_before_what_happened_last():
    brand, other = entry("skill-brands", on=MAY), entry("skill-brands", on=MAY + timedelta(days=9))
    facts = {"by": publisher(), "document_number": DOCUMENT}
    catalogue.promote(brand, level="provincial", on=MAY + timedelta(days=5), **facts)
    early = MAY + timedelta(days=4)

    for attempt, sentence in (
        (
            lambda: catalogue.exit(brand, reason="voluntary", on=early, **facts),
            "退出日期不能早于公布日期（2024-05-06）",
        ),
        (
            lambda: catalogue.promote(brand, level="municipal", on=early, **facts),
            "日期不能早于公布日期（2024-05-06）",
        ),
        (
            lambda: catalogue.merge(brand, other, on=MAY + timedelta(days=6), **facts),
            "要并入的条目在 2024-05-07 还不在目录中。",
        ),
    ):
        with pytest.raises(workflow.Refused, match=sentence):
            attempt()


@pytest.mark.django_db
def test_nothing_goes_into_itself_into_another_catalogue_or_into_what_has_left():
    one, other, brand, gone = *units(2), entry("labour-brands"), *units(1)
    facts = {"by": publisher(), "document_number": DOCUMENT}
    catalogue.exit(gone, reason="voluntary", **facts)

    for into in (one, brand, gone):
        with pytest.raises(workflow.Refused, match="要并入的条目须是同一目录中另一条现行条目。"):
            catalogue.merge(one, into, **facts)

    assert CatalogueEntry.objects.in_force().filter(pk__in=[one.pk, other.pk]).count() == 2


@pytest.mark.django_db
def test_only_the_publisher_of_the_province_confers_a_level():
    brand = entry("skill-brands", on=MAY)

    for by in (publisher(WEIFANG), approver(), reviewer(), filer()):
        with pytest.raises(workflow.Refused, match="只有省级发布岗位可以公布级别。"):
            catalogue.promote(brand, by=by, level="provincial", document_number=DOCUMENT)

    brand.refresh_from_db()
    assert (brand.level, brand.promotions.count()) == ("municipal", 0)


@pytest.mark.django_db
def test_what_is_listed_again_keeps_the_level_it_had():
    brand = entry("skill-brands", on=MAY)
    catalogue.exit(brand, by=publisher(), reason="voluntary", document_number=DOCUMENT, on=MAY)
    record = catalogue.reinstate(CatalogueEntry.objects.get(pk=brand.pk), by=filer())
    for action, by, arguments in road(record, State.APPROVED):
        record = act(record, action, by, **arguments)

    with pytest.raises(workflow.Refused, match="这一条原为市级，重新列入不改变级别；级别由择优选拔公布。"):
        publish(record, level="provincial")

    assert publish(record).level == "municipal"


@pytest.mark.django_db(transaction=True)
def test_figures_and_freezing_at_once_leave_what_was_frozen():
    reviews = []
    unit = units(1)[0]
    for number in range(ROUNDS):
        review = opened(name=f"演示第{number}轮")
        handed_in(item_of(review, unit))
        reviews.append(review)
    by, desk = filer(), opener()

    def reporting(review):
        return periodic.hand_in(item_of(review), by=by, figures=LOW, statement="改低。")

    met = race(reviews, reporting, lambda review: periodic.freeze(review, by=desk))

    for review, (reported, froze) in zip(reviews, met, strict=True):
        assert kinds([froze]) == ["PeriodicReview"]
        held = dict(ReviewFigure.objects.filter(item__review=review).values_list("name", "value"))
        taken = kinds([reported]) == ["ReviewItem"]
        assert (held, taken or kinds([reported]) == ["Refused"]) == (LOW if taken else ENOUGH, True)
    assert list(verify.faults()) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_conclude_at_once_one_does_and_the_other_is_told():
    items = []
    for unit in units(ROUNDS // 2):
        review = opened(name=f"演示{unit.code}")
        handed_in(item_of(review, unit))
        items.append(item_of(frozen(review), unit))
    desk, second = opener(), publisher()

    found = race(
        items,
        lambda item: outcomes.keep(item, by=desk, comment="保留。", step=item.step),
        lambda item: outcomes.keep(item, by=second, comment="保留。", step=item.step),
    )

    assert {tuple(kinds(pair)) for pair in found} == {("Conflict", "ReviewItem")}
    assert [acts(item.entry) for item in items] == [["report", "keep"]] * len(items)
