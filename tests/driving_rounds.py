"""Requests about what runs for weeks: campaigns, notices, editions, selection rounds, periodic reviews."""

from collections.abc import Callable
from datetime import date, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal import edition_pages, edition_policy, edition_workbook, notices, objections
from portal.models import Edition, ReviewItem, SelectionRound, User
from portal.vocabulary import ExitReason, Outcome
from tests import campaigning, editing, factories, noticing, reviewing, selecting
from tests.driving import LOOKED_AT, Table, at
from tests.factories import COMMENT, PROVINCE, WEIFANG, approver, bureau, filer, publisher, reviewer
from tests.sending import Sent

DRIVEN = Table()
DAY = timedelta(days=1)
PDF = b"%PDF-1.4\n%%EOF\n"


@DRIVEN.drives("campaign-change", "administer")
def campaign_change() -> Sent:
    """Return the form of a campaign that is not open yet."""
    of, today = campaigning.campaign(opens=2, due=9), timezone.localdate()
    said = {"name": "演示改名", "kind": of.kind, "document_number": campaigning.DOCUMENT, "expects": "city"}
    days = {"opens_on": str(today + DAY), "due_on": str(today + 9 * DAY)}
    return Sent(campaigning.manager(), at("campaign-change", of.pk), said | days)


@DRIVEN.drives("campaign-close", "administer")
def campaign_close() -> Sent:
    """Return the button that closes a campaign."""
    return Sent(campaigning.manager(), at("campaign-close", campaigning.campaign(places=[WEIFANG]).pk))


@DRIVEN.drives("campaign-remind", "reminder")
def campaign_remind() -> Sent:
    """Return the form that reminds a bureau."""
    of = campaigning.campaign(places=[WEIFANG])
    sent = {"duty": [campaigning.duty(of).pk]}
    return Sent(campaigning.manager(), at("campaign-remind", of.pk), sent)


@DRIVEN.drives("campaign-nothing", "submit")
def campaign_nothing() -> Sent:
    """Return a zero report."""
    of = campaigning.campaign(places=[WEIFANG])
    sent = {"organisation": bureau(WEIFANG).pk, "explanation": "本市没有需要报送的内容（演示）。"}
    return Sent(filer(), at("campaign-nothing", of.pk), sent | {"signed": "on"})


@DRIVEN.drives("campaign-package", "download", status=200)
def campaign_package() -> Sent:
    """Return the button of the package of a bureau."""
    of = campaigning.campaign(places=[WEIFANG])
    campaigning.answer(of)
    return Sent(reviewer(), at("campaign-package", of.pk, WEIFANG), {"reason": "演示报送"})


@DRIVEN.drives("workdays", "administer")
def workdays() -> Sent:
    """Return the form of a day that is worked."""
    sent = {"lines": "2099-01-03,上班", "source": "国务院办公厅通知（演示）"}
    return Sent(publisher(), at("workdays"), sent)


@DRIVEN.drives("notice-change", "administer")
def notice_change() -> Sent:
    """Return the form of a notice that is not published."""
    notice = noticing.drafted()
    said = {"title": "关于拟公布品牌名单的公示（演示改）", "basis": "鲁人社字〔2024〕95号"}
    days = {"starts_on": str(noticing.today()), "working_days": "5", "read": notices.digest(notice)}
    listed = {"filings": [item.filing_id for item in notice.items.all()]}
    sent = {**said, **days, **noticing.CONTACTS, **listed}
    return Sent(noticing.drafter(), at("notice-change", notice.pk), sent)


@DRIVEN.drives("notice-publish", "administer")
def notice_publish() -> Sent:
    """Return the button that publishes a notice."""
    notice = noticing.drafted()
    return Sent(publisher(), at("notice-publish", notice.pk), {"read": notices.digest(notice)})


@DRIVEN.drives("notice-withdraw", "administer")
def notice_withdraw() -> Sent:
    """Return the form that takes a notice back."""
    return Sent(publisher(), at("notice-withdraw", noticing.running().pk), {"reason": "名单有误（演示）。"})


@DRIVEN.drives("notice-discard", "administer")
def notice_discard() -> Sent:
    """Return the button that drops a draft of a notice."""
    return Sent(noticing.drafter(), at("notice-discard", noticing.drafted().pk))


@DRIVEN.drives("objection-answer", "administer")
def objection_answer() -> Sent:
    """Return the answer to an objection."""
    held = noticing.objected(noticing.running())
    return Sent(publisher(), at("objection-answer", held.pk), {"answer": "已经核实（演示）。"})


@DRIVEN.drives("objection-close", "administer")
def objection_close() -> Sent:
    """Return the form that closes an objection."""
    held = noticing.objected(noticing.running())
    objections.answer(held, by=publisher(), answer="已经核实（演示）。")
    sent = {"conclusion": "异议不成立（演示）。"}
    return Sent(publisher(), at("objection-close", held.pk), sent)


def edition_with_a_change() -> Edition:
    """Return an edition in preparation that adds a project."""
    edition = editing.prepared(on=date(2024, 5, 1))
    editing.added(edition, "演示新项目")
    return edition


#: Act on an edition → the edition, who does it, the records that it leaves.
EDITING: dict[str, tuple[Callable[[], Edition], Callable, str]] = {
    "propose": (edition_with_a_change, lambda: filer(PROVINCE), "administer submit"),
    "approve": (lambda: editing.proposed(edition_with_a_change()), approver, "administer approve"),
    "return": (lambda: editing.proposed(edition_with_a_change()), approver, "administer return"),
    "publish": (lambda: editing.ready(edition_with_a_change()), publisher, "administer publish"),
    "abandon": (edition_with_a_change, lambda: filer(PROVINCE), "administer cancel"),
}


def edition_act(name: str) -> Callable[[], Sent]:
    """Return what makes the form of one act on an edition."""

    def form() -> Sent:
        found, who, _ = EDITING[name]
        edition = Edition.objects.get(pk=found().pk)
        said = {"explanation": editing.EXPLANATION, "comment": COMMENT}
        sent = {"act": name, "seen": edition_pages.seen(edition), **said}
        return Sent(who(), at("edition-act", edition.pk), sent)

    return form


for _name in edition_policy.LABELS:
    DRIVEN.drives(f"edition-act {_name}", EDITING[_name][2])(edition_act(_name))


@DRIVEN.drives("edition-change", "administer")
def edition_change() -> Sent:
    """Return the form of an edition."""
    edition = editing.prepared(on=date(2024, 5, 1))
    sent = {"kind": edition.kind, "name": "演示改名", "on": "2024-05-02", "document_number": editing.NUMBER}
    return Sent(filer(PROVINCE), at("edition-change", edition.pk), sent)


@DRIVEN.drives("edition-drop", "cancel")
def edition_drop() -> Sent:
    """Return the button that drops a change."""
    edition = edition_with_a_change()
    return Sent(filer(PROVINCE), at("edition-drop", edition.pk, edition.changes.get().pk))


@DRIVEN.drives("edition-attach", "administer")
def edition_attach() -> Sent:
    """Return the form with the document of an edition."""
    sent = {"file": SimpleUploadedFile("目录通知.pdf", PDF)}
    return Sent(filer(PROVINCE), at("edition-attach", editing.prepared().pk), sent)


@DRIVEN.drives("edition-import look", why=LOOKED_AT, status=200)
def edition_import_look() -> Sent:
    """Return the form with the sheet of an edition."""
    factories.entry(editing.KIND, on=date(2024, 1, 1))
    edition = editing.prepared(on=date(2024, 5, 1))
    sent = {"file": SimpleUploadedFile("目录.xlsx", edition_workbook.template(edition)), "missing": "part"}
    return Sent(filer(PROVINCE), at("edition-import", edition.pk), sent)


@DRIVEN.drives("edition-import take", "administer")
def edition_import() -> Sent:
    """Return the same form, confirmed."""
    form = edition_import_look()
    form.data["confirm"] = "1"
    return form


def of_a_round(name: str, of: SelectionRound, by: User, /, **sent) -> Sent:
    """Return a form of a round as it is now."""
    return Sent(by, at(name, of.pk), {"revision": selecting.now(of).revision, **sent})


@DRIVEN.drives("round-change", "administer")
def round_change() -> Sent:
    """Return the form of a round."""
    said = {"kind": selecting.KIND, "name": "演示改名", "basis": "鲁人社字〔2024〕95号 二（三）11"}
    sent = said | {"quota": "2", "criteria": "品牌特色鲜明 100"}
    return of_a_round("round-change", selecting.opened(), selecting.opener(), **sent)


@DRIVEN.drives("round-candidates", "administer")
def round_candidates() -> Sent:
    """Return the form of the candidates."""
    selecting.brands(1)
    return of_a_round("round-candidates", selecting.opened(), selecting.opener(), add="all")


@DRIVEN.drives("round-scorers", "administer")
def round_scorers() -> Sent:
    """Return the form of the scorers."""
    people = [selecting.scorer(1).pk, selecting.scorer(2).pk]
    return of_a_round("round-scorers", selecting.opened(), selecting.opener(), user=people)


@DRIVEN.drives("round-start", "administer")
def round_start() -> Sent:
    """Return the button that begins the scoring."""
    return of_a_round("round-start", selecting.prepared(), selecting.opener())


def scored(then: str) -> Sent:
    """Return the sheet of a scorer."""
    of = selecting.started()
    points = selecting.points(of, 90, 80, 70)
    cells = {f"points-{c}-{k}": str(given) for (c, k), given in points.items()}
    return of_a_round("round-sheet", of, selecting.scorer(1), then=then, **cells)


@DRIVEN.drives("round-sheet save", why="a sheet is its scorer's alone until he hands it in")
def round_sheet_kept() -> Sent:
    """Return a sheet that is kept."""
    return scored("save")


@DRIVEN.drives("round-sheet hand_in", "administer")
def round_sheet() -> Sent:
    """Return a sheet that is handed in."""
    return scored("hand_in")


@DRIVEN.drives("round-close", "administer")
def round_close() -> Sent:
    """Return the form that ends the scoring without somebody."""
    of = selecting.hand_in(selecting.started(scorers=3), 1, 90, 80, 70)
    selecting.hand_in(of, 2, 80, 80, 60)
    return of_a_round("round-close", of, selecting.opener(), reason=selecting.REASON)


@DRIVEN.drives("round-decide", "administer")
def round_decide() -> Sent:
    """Return the form that chooses."""
    of = selecting.ranked()
    return of_a_round("round-decide", of, selecting.decider(), candidate=[selecting.rows(of)[0].pk])


@DRIVEN.drives("round-reconsider", "administer")
def round_reconsider() -> Sent:
    """Return the form that takes a decision back."""
    sent = {"reason": selecting.REASON}
    return of_a_round("round-reconsider", selecting.decided(0), selecting.decider(), **sent)


@DRIVEN.drives("round-confer", "administer promote")
def round_confer() -> Sent:
    """Return the form that publishes a decision."""
    sent = {"document_number": selecting.DOCUMENT}
    return of_a_round("round-confer", selecting.decided(0), selecting.conferrer(), **sent)


@DRIVEN.drives("round-cancel", "administer")
def round_cancel() -> Sent:
    """Return the form that ends a round."""
    return of_a_round("round-cancel", selecting.opened(), selecting.opener(), reason=selecting.REASON)


@DRIVEN.drives("review-remind", "administer")
def review_remind() -> Sent:
    """Return the button that reminds whoever has not reported."""
    reviewing.units(1)
    filer()
    return Sent(reviewing.opener(), at("review-remind", reviewing.opened().pk))


@DRIVEN.drives("review-freeze", "administer")
def review_freeze() -> Sent:
    """Return the button that closes the figures."""
    reviewing.units(1)
    return Sent(reviewing.opener(), at("review-freeze", reviewing.opened().pk))


@DRIVEN.drives("review-keep-all", "keep", status=200)
def review_keep_all() -> Sent:
    """Return the button that keeps what nothing speaks against."""
    review = reviewing.ready().review
    return Sent(reviewing.opener(), at("review-keep-all", review.pk))


def unreported() -> ReviewItem:
    """Return the item of a unit that is to report."""
    reviewing.units(1)
    return reviewing.item_of(reviewing.opened())


def low() -> ReviewItem:
    """Return an item whose figures are too low and explained, in a round that is frozen."""
    return reviewing.ready(reviewing.LOW, "演示情况说明。")


def heard() -> ReviewItem:
    """Return an item whose bureau has had its time to be heard."""
    return reviewing.hearing_over(reviewing.intended(low()))


def to_rectify() -> ReviewItem:
    """Return an item that is meant to be given time."""
    until = timezone.localdate() + 30 * DAY
    facts = {"outcome": Outcome.RECTIFYING, "until": until}
    return reviewing.hearing_over(reviewing.intended(low(), **facts))


#: Act of a review → the item, who does it, what the form says, the event that it leaves.
REVIEWING: dict[str, tuple[Callable[[], ReviewItem], Callable, dict, str]] = {
    "hand_in": (unreported, filer, reviewing.ENOUGH, "report"),
    "intend": (
        low,
        reviewing.opener,
        {"outcome": Outcome.EXITED, "reason": ExitReason.BELOW_FIGURES, "comment": reviewing.BECAUSE},
        "intend",
    ),
    "defend": (
        lambda: reviewing.intended(low()),
        filer,
        {"said": "演示申辩。"},
        "defend",
    ),
    "keep": (reviewing.ready, reviewing.decider, {"comment": "演示意见。"}, "keep"),
    "rectify": (
        to_rectify,
        reviewing.decider,
        {"until": str(timezone.localdate() + 30 * DAY), "comment": "限期补足培训（演示）。"},
        "rectify",
    ),
    "settle": (
        lambda: reviewing.rectifying(to_rectify()),
        reviewing.decider,
        {"comment": "已经补足（演示）。"},
        "settle",
    ),
    "remove": (heard, reviewing.decider, {"document_number": reviewing.NUMBER}, "exit"),
}


def review_act(name: str) -> Callable[[], Sent]:
    """Return what makes the form of one act of a review."""

    def form() -> Sent:
        found, who, said, _ = REVIEWING[name]
        item = found()
        step = ReviewItem.objects.get(pk=item.pk).step
        return Sent(who(), at("review-act", item.pk), {"action": name, "step": step, **said})

    return form


for _name in REVIEWING:
    DRIVEN.drives(f"review-act {_name}", REVIEWING[_name][3])(review_act(_name))
