"""Requests about one filing: its draft, the acts of the workflow, whose hands it is in, who is shown it."""

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile

from portal import actions, attachments, copies
from portal.models import Filing, User
from portal.vocabulary import State
from tests import factories, made_files, packing
from tests.driving import DRAFT, OWN, Table, at, read
from tests.factories import COMMENT, PROVINCE, act, approver, filer, reviewer
from tests.sending import Sent
from tests.typed import typed

DRIVEN = Table()
UNIT, BRAND, RETURN = "building-units", "skill-brands", "project-training-returns"
PDF = b"%PDF-1.4\n%%EOF\n"


def colleague() -> User:
    """Return a second reviewer of the desk."""
    return reviewer(name="weifang_second")


def in_review() -> Filing:
    """Return a filing that lies at the desk of its city."""
    return factories.submitted(UNIT)


def accepted() -> Filing:
    """Return one that the desk has accepted."""
    return act(in_review(), "accept", reviewer())


#: Act of the workflow → the filing it is done to, who does it, what the form says.
ACTS: dict[str, tuple[Callable[[], Filing], Callable[[], User], dict]] = {
    "submit": (lambda: factories.draft(UNIT), filer, {}),
    "withdraw": (in_review, filer, {}),
    "accept": (in_review, reviewer, {}),
    "release": (accepted, reviewer, {}),
    "assign": (accepted, reviewer, {}),
    "endorse": (lambda: factories.submitted(BRAND), reviewer, {}),
    "approve": (in_review, reviewer, {}),
    "return": (in_review, reviewer, {"reason": "unclear"}),
    "reject": (lambda: factories.filing(BRAND, State.PROVINCE_REVIEW), approver, {}),
    "recall": (lambda: factories.filing(UNIT, State.RETURNED), reviewer, {}),
    "cancel": (lambda: factories.draft(UNIT), filer, {}),
    "reopen": (lambda: factories.filing(UNIT, State.CANCELLED), filer, {}),
}


def acting(name: str) -> Callable[[], Sent]:
    """Return what makes the form of one act of the workflow."""

    def form() -> Sent:
        filing, who, said = ACTS[name]
        record, by = filing(), who()
        to = {"to": colleague().pk} if name == "assign" else {}
        sent = {"action": name, "comment": COMMENT, **said, **to, **read(record)}
        return Sent(by, at("filing-act", record.pk), sent)

    return form


for _name in dict.fromkeys(action.name for action in actions.ACTIONS):
    DRIVEN.drives(f"filing-act {_name}", _name)(acting(_name))


@DRIVEN.drives("filing-edit", why=DRAFT)
def filing_edit() -> Sent:
    """Return the form of a draft."""
    record = factories.draft(UNIT)
    return Sent(filer(), at("filing-edit", record.pk), typed(record, name="演示改名公司"))


@DRIVEN.drives("filing-autosave", why=DRAFT, status=200)
def filing_autosave() -> Sent:
    """Return what the form of a draft stores by itself."""
    record = factories.draft(UNIT)
    return Sent(filer(), at("filing-autosave", record.pk), typed(record, name="演示改名公司"))


@DRIVEN.drives("filing-check", "submit")
def filing_check() -> Sent:
    """Return the form that submits."""
    record = factories.draft(UNIT)
    sent = {"revision": Filing.objects.get(pk=record.pk).revision, **read(record)}
    return Sent(filer(), at("filing-check", record.pk), sent)


@DRIVEN.drives("filing-succeed", why=DRAFT)
def filing_succeed() -> Sent:
    """Return the form that chooses successors."""
    record = factories.draft(UNIT)
    return Sent(filer(), at("filing-succeed", record.pk), {"explanation": "演示说明。"})


@DRIVEN.drives("filing-update", why=DRAFT)
def filing_update() -> Sent:
    """Return the form that begins the update of a return."""
    return Sent(filer(), at("filing-update", factories.filing(RETURN, State.APPROVED).pk))


@DRIVEN.drives("filing-earlier", why=DRAFT)
def filing_earlier() -> Sent:
    """Return the form that takes up the rows of an earlier year."""
    factories.filing(RETURN, State.CITY_REVIEW, year=2022)
    record = factories.draft(RETURN, training_rows=[])
    return Sent(filer(), at("filing-earlier", record.pk), {"revision": "0"})


@DRIVEN.drives("filing-merge", why=DRAFT)
def filing_merge() -> Sent:
    """Return the form that merges the returns of the counties."""
    return Sent(filer(), at("filing-merge", factories.draft(RETURN).pk), {"revision": "0"})


@DRIVEN.drives("filing-upload", why=DRAFT)
def filing_upload() -> Sent:
    """Return the form that adds a file to a draft."""
    sent = {"file": SimpleUploadedFile("演示.pdf", PDF)}
    return Sent(filer(), at("filing-upload", factories.draft(UNIT).pk, "stamped_scan"), sent)


@DRIVEN.drives("filing-archive", why=DRAFT, status=200)
def filing_archive() -> Sent:
    """Return the form that unpacks an archive into a draft."""
    sent = {"file": SimpleUploadedFile("演示.zip", made_files.archive({"盖章扫描件.pdf": PDF}))}
    return Sent(filer(), at("filing-archive", factories.draft(UNIT).pk), sent)


@DRIVEN.drives("attachment-remove", why=DRAFT)
def attachment_remove() -> Sent:
    """Return the form that takes a file out of a draft."""
    held = packing.attach(factories.draft(UNIT), "演示.pdf", PDF)
    return Sent(filer(), at("attachment-remove", held.pk))


@DRIVEN.drives("attachment-restore", why=DRAFT)
def attachment_restore() -> Sent:
    """Return the form that puts a removed file back."""
    held = packing.attach(factories.draft(UNIT), "演示.pdf", PDF)
    attachments.remove(held, by=filer())
    return Sent(filer(), at("attachment-restore", held.pk))


@DRIVEN.drives("filing-accept", "accept")
def filing_accept() -> Sent:
    """Return the button of the queue that accepts."""
    record = in_review()
    return Sent(reviewer(), at("filing-accept", record.pk), read(record))


@DRIVEN.drives("handover", "assign", status=200)
def handing_over() -> Sent:
    """Return the form that hands over what a colleague holds."""
    act(in_review(), "accept", colleague())
    by = reviewer()
    return Sent(by, at("handover"), {"who": colleague().pk, "to": by.pk})


@DRIVEN.drives("filing-urge", "administer")
def filing_urge() -> Sent:
    """Return the button by which the province presses a desk."""
    reviewer()
    return Sent(reviewer(PROVINCE), at("filing-urge", in_review().pk))


@DRIVEN.drives("filing-presence", why=OWN, status=200)
def filing_presence() -> Sent:
    """Return what an open page tells of its reader."""
    return Sent(reviewer(), at("filing-presence", in_review().pk))


@DRIVEN.drives("copy-send", "copy")
def copy_send() -> Sent:
    """Return the form that shows a filing to a colleague."""
    other = colleague()
    return Sent(reviewer(), at("copy-send", in_review().pk), {"to": other.pk, "note": "请阅（演示）。"})


@DRIVEN.drives("copies-read", why=OWN)
def copies_read() -> Sent:
    """Return the button by which somebody has read what was shown to him."""
    other = colleague()
    copies.send(in_review(), [other], by=reviewer())
    return Sent(other, at("copies-read"))
