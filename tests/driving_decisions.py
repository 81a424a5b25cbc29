"""Requests of desks: what they prepare, many filings at once, consultation, the catalogue, past results."""

from collections.abc import Callable
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal import batches, catalogue, credit, prepared, remarks
from portal.grounds import Grounds
from portal.models import Filing, PreparedDecision, Registration, Remark
from portal.vocabulary import ExitReason, JointConclusion
from tests import batching, consulting, factories, registering
from tests.driving import DRAFT, Table, at, read
from tests.driving_filings import ACTS, colleague, in_review
from tests.factories import COMMENT, DOCUMENT, WEIFANG, approver, filer, joint, publisher, reviewer
from tests.sending import Sent
from workforce import key_brands
from workforce.models import KeyBrand

DRIVEN = Table()
DESK = "what a desk prepares is its own until its decision sends it, which is an event"
LABOUR, MAY = "labour-brands", date(2024, 5, 1)


@DRIVEN.drives("remark-write", why=DESK)
def remark_write() -> Sent:
    """Return the form of a remark."""
    record = in_review()
    said = {"field": "name", "text": "请写全称（演示）。", **read(record)}
    return Sent(reviewer(), at("remark-write", record.pk), said)


def remarked() -> Remark:
    """Return a remark that a colleague has written."""
    record = in_review()
    return remarks.write(record, "name", "请写全称（演示）。", by=colleague(), version=record.version)


@DRIVEN.drives("remark-rewrite", "administer")
def remark_rewrite() -> Sent:
    """Return the form that changes the remark of a colleague."""
    held = remarked()
    said = {"field": "name", "text": "请写登记的全称（演示）。"}
    return Sent(reviewer(), at("remark-rewrite", held.filing_id, held.pk), said)


@DRIVEN.drives("remark-drop", "administer")
def remark_drop() -> Sent:
    """Return the button that deletes the remark of a colleague."""
    held = remarked()
    return Sent(reviewer(), at("remark-drop", held.filing_id, held.pk))


@DRIVEN.drives("filing-prepare", why=DESK)
def filing_prepare() -> Sent:
    """Return the form of a decision that is prepared."""
    record = in_review()
    sent = {"action": "return", "comment": COMMENT, "reason": "unclear", **read(record)}
    return Sent(reviewer(), at("filing-prepare", record.pk), sent)


def decision() -> PreparedDecision:
    """Return a decision that a colleague has prepared."""
    record = in_review()
    said = {"comment": COMMENT, "grounds": Grounds(("unclear",))}
    return prepared.prepare(record, "return", by=colleague(), version=record.version, **said)


@DRIVEN.drives("prepared-act release", "return", status=200)
def prepared_release() -> Sent:
    """Return the form that makes what was prepared."""
    return Sent(reviewer(), at("prepared-act"), {"act": "release", "item": [decision().pk]})


@DRIVEN.drives("prepared-act drop", "administer")
def prepared_drop() -> Sent:
    """Return the form that drops what a colleague has prepared."""
    return Sent(reviewer(), at("prepared-act"), {"act": "drop", "item": [decision().pk]})


@DRIVEN.drives("batch", why="what was ticked is asked about, and nothing is done yet", status=200)
def batch() -> Sent:
    """Return what is ticked in the queue."""
    return Sent(reviewer(), at("batch"), {"action": "accept", "item": batching.ticked([in_review()])})


def in_a_batch(name: str) -> Callable[[], Sent]:
    """Return what makes the form by which one act is done to what was ticked."""

    def form() -> Sent:
        filing, who, said = ACTS[name]
        ticked = batching.ticked([filing()])
        return Sent(who(), at("batch-do"), {"action": name, "item": ticked, "comment": COMMENT, **said})

    return form


for _name in batches.ACTS:
    if _name != batches.PUBLISH:
        DRIVEN.drives(f"batch-do {_name}", _name, status=200)(in_a_batch(_name))


@DRIVEN.drives("batch-do publish", "publish", status=200)
def batch_publish() -> Sent:
    """Return the form that publishes."""
    sent = {"action": "publish", "item": batching.ticked([factories.approved(LABOUR)])}
    day = str(timezone.localdate())
    return Sent(
        publisher(), at("batch-do"), sent | {"document_number": DOCUMENT, "on": day, "level": "municipal"}
    )


@DRIVEN.drives("opinion-answer", "opine")
def opinion_answer() -> Sent:
    """Return the form of an opinion."""
    asked = consulting.asked()
    said = {"conclusion": JointConclusion.RESERVES, "opinion": consulting.OPINION}
    return Sent(joint(), at("opinion-answer", asked.pk), said)


@DRIVEN.drives("opinion-withdraw", "unconsult")
def opinion_withdraw() -> Sent:
    """Return the button that takes a question back."""
    asked = consulting.asked()
    return Sent(asked.asked_by, at("opinion-withdraw", asked.pk))


@DRIVEN.drives("publish", "publish")
def publish() -> Sent:
    """Return the form that publishes."""
    record = factories.approved(LABOUR)
    sent = {"document_number": DOCUMENT, "on": str(timezone.localdate()), "level": "municipal"}
    return Sent(publisher(), at("publish", record.pk), sent | read(record))


@DRIVEN.drives("exit", "exit")
def leaving() -> Sent:
    """Return the form that takes an entry out."""
    entry = factories.entry(LABOUR, on=MAY)
    sent = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT, "on": "2024-06-01"}
    return Sent(publisher(), at("exit", entry.code), sent | {"comment": "自愿退出（演示）。"})


@DRIVEN.drives("amend", why=DRAFT)
def amend() -> Sent:
    """Return the button that begins an amendment."""
    return Sent(filer(), at("amend", factories.entry(LABOUR, on=MAY).code))


@DRIVEN.drives("reinstate", why=DRAFT)
def reinstate() -> Sent:
    """Return the button that begins to list again what left."""
    entry = factories.entry(LABOUR, on=MAY)
    facts = {"document_number": DOCUMENT, "on": date(2024, 6, 1)}
    catalogue.exit(entry, by=publisher(), reason=ExitReason.VOLUNTARY, **facts)
    return Sent(filer(), at("reinstate", entry.code))


@DRIVEN.drives("key-brand-designate", "designate")
def key_brand_designate() -> Sent:
    """Return the form that fixes a brand."""
    entry = factories.entry(LABOUR, on=MAY)
    sent = {"entry": entry.pk, "year": timezone.localdate().year, "document_number": DOCUMENT}
    return Sent(reviewer(), at("key-brand-designate"), sent)


@DRIVEN.drives("key-brand-withdraw", "undesignate")
def key_brand_withdraw() -> Sent:
    """Return the form that gives its place up."""
    year = timezone.localdate().year
    held: KeyBrand = key_brands.designate(factories.entry(LABOUR, on=MAY), year=year, by=reviewer())
    return Sent(reviewer(), at("key-brand-withdraw", held.pk), {"reason": "演示理由：调整培育方向。"})


@DRIVEN.drives("credit-lift", "administer")
def credit_lift() -> Sent:
    """Return the form that lifts a credit record."""
    entry = factories.entry("exam-institutions", on=MAY)
    held = credit.record(
        entry, by=reviewer(), reason="dishonest", said="演示查实的事实。", on=date(2025, 3, 1)
    )
    by = publisher(WEIFANG)
    return Sent(by, at("credit-lift", held.pk), {"lifting_reason": "整改到位的理由（演示）。"})


def past(**cells) -> bytes:
    """Return the sheet of one past result."""
    line = {"劳务品牌名称": "奎文家政（演示）", "填报单位": registering.BUREAU, **cells}
    return registering.sheet(LABOUR, line)


@DRIVEN.drives("history-list", "administer")
def history_list() -> Sent:
    """Return the form with a sheet of past results."""
    files = {
        "sheet": SimpleUploadedFile("历史.xlsx", past()),
        "document": SimpleUploadedFile("公布.pdf", registering.SCAN),
    }
    said = {"type": LABOUR, "document_number": registering.NUMBER, "decided_on": "2023-04-28"}
    return Sent(approver(), at("history-list"), said | files)


def proposed() -> Registration:
    """Return a registration that waits for the second person."""
    return registering.proposed(LABOUR, past())


def entered() -> Filing:
    """Return what a registration entered."""
    return registering.registered(LABOUR, past())[0]


#: Act on a registration → the registration, who does it, the records that it leaves.
REGISTERING: dict[str, tuple[Callable[[], Registration], Callable, str]] = {
    "propose": (lambda: registering.prepared(LABOUR, past()), approver, "administer"),
    "confirm": (proposed, registering.colleague, "administer register"),
    "refuse": (proposed, registering.colleague, "administer"),
    "abandon": (lambda: registering.prepared(LABOUR, past()), approver, "administer"),
    "revoke": (lambda: entered().registration, approver, "administer revoke"),
}


def registering_act(name: str) -> Callable[[], Sent]:
    """Return what makes the form of one act on a registration."""

    def form() -> Sent:
        found, who, _ = REGISTERING[name]
        return Sent(who(), at("history-act", found().pk), {"act": name, "reason": "演示原因。"})

    return form


for _name, (_, _, _leaves) in REGISTERING.items():
    DRIVEN.drives(f"history-act {_name}", _leaves)(registering_act(_name))


@DRIVEN.drives("filing-revoke", "revoke")
def filing_revoke() -> Sent:
    """Return the form that revokes one registered result."""
    return Sent(approver(), at("filing-revoke", entered().pk), {"reason": "录错单位（演示）。"})


@DRIVEN.drives("history-receipt", "download", status=200)
def history_receipt() -> Sent:
    """Return the button of the sheet with its errors."""
    found = registering.prepared(LABOUR, past(品牌类型="没有这种"))
    return Sent(approver(), at("history-receipt", found.pk))
