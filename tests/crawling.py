"""A walk over every URL there is, with canaries planted where a leak would show."""

import re
import zipfile
from datetime import date
from io import BytesIO

from django.apps import apps
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from portal import (
    attachments,
    catalogue,
    check_codes,
    credit,
    imports,
    prepared,
    registry,
    report_runs,
    reports,
    saved_views,
    schedules,
)
from portal.examples import FILES
from portal.grounds import Grounds
from portal.models import (
    AccessRecord,
    Attachment,
    Campaign,
    CampaignDuty,
    CatalogueEntry,
    CreditRecord,
    Edition,
    EditionChange,
    Filing,
    FilingVersion,
    Import,
    JointOpinion,
    Message,
    Objection,
    PeriodicReview,
    PublicNotice,
    Registration,
    Remark,
    Report,
    ReportSchedule,
    ReviewItem,
    SavedView,
    SelectionRound,
    User,
)
from portal.vocabulary import State
from tests import made_files, selecting
from tests.campaigning import campaign
from tests.consulting import ask
from tests.editing import added
from tests.editing import prepared as prepared_edition
from tests.factories import COMMENT, DOCUMENT, WEIFANG, act, draft, filer, filing, publish, reviewer
from tests.noticing import drafted, objected, running
from tests.registering import proposed, sheet
from tests.reviewing import handed_in, item_of, opened
from workforce.models import KeyBrand

PREPARED = "金丝雀拟办意见"
KIND, ADMIN_PAGES = "exam-institutions", "admin:assessments_assessmentinstitution_"
CANARY, PHONE = "金丝雀", "13900003707"
SECRET = {"venue": f"{CANARY}场地", "contact_name": f"{CANARY}联系人", "contact_phone": PHONE}
# Enough of every form to go through, were it let through.
SENT = {
    "action": "endorse",
    "version": "1",
    "step": "1",
    "revision": "0",
    "comment": COMMENT,
    "name": "改过的名称",
    "document_number": DOCUMENT,
    "reason": "voluntary",
    "on": "2024-06-01",
    "level": "municipal",
    "then": "check",
    "format": "0",
    "_selected_action": "1",
}


def plant() -> list[Filing]:
    """Plant institutions of 潍坊 for a campaign: a draft, one under review, one in force, its amendment."""
    campaign(places=[WEIFANG], kind=KIND)
    hidden = [filing(KIND, State.DRAFT, name=f"{CANARY}{State.DRAFT}", **SECRET), plant_submitted()]
    shown = publish(filing(KIND, State.APPROVED, name="演示公开学校", **SECRET), on=date(2024, 5, 1))
    ask(hidden[1], question=f"{CANARY}征求事项")
    plant_notices()
    plant_review(shown)
    edition = prepared_edition(name=f"{CANARY}新版")
    added(edition, f"{CANARY}新项目")
    selecting.opened(f"{CANARY}批次")
    plant_report()
    saved_views.keep(reviewer(WEIFANG), f"{CANARY}视图", "tab=todo")
    plant_prepared(hidden[1])
    plant_import()
    plant_registration()
    return [*hidden, shown.filing, catalogue.amend(shown, by=filer())]


def plant_submitted() -> Filing:
    """Plant a filing under review with a telephone number in the name of its file, as the notices want it."""
    record = draft(KIND, name=f"{CANARY}{State.CITY_REVIEW}", **SECRET)
    with (FILES / "scan.pdf").open("rb") as paper:
        attachments.add(record, "stamped_scan", paper, f"{CANARY}盖章件{PHONE}.pdf", by=filer())
    return act(record, "submit", filer())


def plant_review(entry: CatalogueEntry) -> None:
    """Plant a round over one institution, with what its bureau reported, and a credit record of it."""
    figures = {"exams": 1, "candidates": 1, "certificates": 1}
    handed_in(item_of(opened(KIND)), figures, f"{CANARY}情况说明")
    facts = {"reason": "dishonest", "said": f"{CANARY}失信", "on": date(2024, 5, 2)}
    credit.record(entry, by=reviewer(WEIFANG), **facts)


def plant_prepared(record: Filing) -> None:
    """Plant a decision that the desk of 潍坊 has prepared on what it reviews."""
    said = {"comment": PREPARED, "grounds": Grounds(("incomplete",))}
    prepared.prepare(record, "return", by=reviewer(WEIFANG), version=record.version, **said)


def plant_import() -> None:
    """Plant a sheet that 潍坊 sent, with an error in it."""
    lines = [["考核机构名称", "机构类型"], [f"{CANARY}学校", "院校"], [f"{CANARY}二校", f"{CANARY}类型"]]
    imports.receive(made_files.xlsx(lines), f"{CANARY}.xlsx", registry.get(KIND), by=filer())


def plant_registration() -> None:
    """Plant a sheet of past results that an approver of the province prepared."""
    line = {"劳务品牌名称": f"{CANARY}品牌", "所属区划": "潍坊市奎文区"}
    proposed("labour-brands", sheet("labour-brands", line), name=f"{CANARY}历史.xlsx")


def plant_report() -> None:
    """Plant a report of 潍坊 that waits and a schedule of it."""
    asked = reports.ask("brands", timezone.now(), WEIFANG, {})
    report_runs.request(asked, "xlsx", by=reviewer(WEIFANG))
    schedules.create(by=reviewer(WEIFANG), slug="brands", region=WEIFANG, frequency="monthly")


def plant_notices() -> None:
    """Plant a notice that nobody has published and, as the newest, one with an objection, both of 潍坊."""
    record = filing("building-units", State.APPROVED, name="演示公示企业")
    facts = {"place": WEIFANG, "record_kind": "building-units"}
    drafted(record, title=f"{CANARY}公示", **facts)
    notice = running(record, **facts)
    objected(notice, objector=f"{CANARY}异议人", contact=PHONE, text=f"{CANARY}异议内容")


def routes(patterns=None, prefix: str = "", namespace: str = ""):
    """Yield (name, route) of every URL there is."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", route
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, route, inner)


def urls(name: str, route: str, planted: list[Filing]) -> list[str]:
    """Return the addresses of a route for what was planted; pages of other things are asked for once."""
    numbers, codes = [str(f.pk) for f in planted], [f.entry.code for f in planted if hasattr(f, "entry")]
    values = {
        "record_type": [KIND],
        "kind": [KIND],
        "number": _numbers(PublicNotice),
        "reference_list": ["ich"],
        "item": ["G001"],
        "chapter": ["filer"],
        "pk": _files(planted) if name.startswith("attachment") else numbers,
        "object_id": numbers if name.startswith(ADMIN_PAGES) else _administered(name),
        "code": codes,
        "campaign": _numbers(Campaign),
        "region": [WEIFANG],
        "slot": ["stamped_scan"],
        "duty": _numbers(CampaignDuty),
        "review": _numbers(PeriodicReview),
        "case": _numbers(ReviewItem),
        "record": _numbers(AccessRecord if name.startswith("audit") else CreditRecord),
        "remark": _numbers(Remark) or ["1"],
        "round": _numbers(SelectionRound),
        "key": _numbers(KeyBrand),
        "notice": _numbers(PublicNotice),
        "imported": _numbers(Import),
        "registration": _numbers(Registration),
        "message": _numbers(Message),
        "objection": _numbers(Objection),
        "opinion": _numbers(JointOpinion),
        "edition": _numbers(Edition),
        "change": _numbers(EditionChange),
        "uidb64": ["MQ"],
        "token": ["c0ffee-made-up"],
        "typed": [check_codes.code_of(v) for v in FilingVersion.objects.filter(filing__in=planted)],
        "suffix": ["docx", "pdf"],
        "day": ["2024-06-01"],
        "file_type": ["xlsx", "csv", "json"],
        "section": [KIND],
        "target": ["exam-projects"],
        "report": ["brands"],
        "job": _numbers(Report),
        "schedule": _numbers(ReportSchedule),
        "view": _numbers(SavedView),
        "content_type_id": ["1"],
        "app_label": ["assessments"],
        "url": ["no/such/page/"],
    }
    found = [re.sub(r"\^|\$", "", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route))]
    for name, choices in values.items():
        mark = re.compile(rf"<(?:\w+:)?{name}>")
        found = [mark.sub(choice, url) for url in found for choice in (choices if mark.search(url) else [""])]
    return [f"/{url}" for url in found]


def _files(planted: list[Filing]) -> list[str]:
    """Return the number of the planted file whose name is a canary."""
    return list(map(str, Attachment.objects.filter(filing__in=planted).values_list("pk", flat=True)))


def _administered(name: str) -> list[str]:
    """Return the number of the last row that a page of the administration is about, 1 where there is none."""
    model = re.fullmatch(r"admin:([a-z]+)_([a-z]+)_(?:change|delete|history)", name)
    return (_numbers(apps.get_model(*model.groups())) if model else []) or ["1"]


def _numbers(model) -> list[str]:
    """Return the number of the last row there is: of the campaign and the duty that ``plant`` made."""
    return [str(pk) for pk in model.objects.order_by("-pk").values_list("pk", flat=True)[:1]]


def words(response) -> str:
    """Return everything a response says, a workbook's or a document's parts unpacked."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(BytesIO(content))
        content = b"".join(archive.read(name) for name in archive.namelist())
    return content.decode("utf-8", "replace")


def everything(but_of: User | None = None) -> dict[str, list[dict]]:
    """Return every row of ours, but sign-in times, the access log, drafts and views of one person's own."""
    own = set(Filing.objects.filter(created_by=but_of).values_list("pk", flat=True)) if but_of else set()
    mine = [
        m for m in apps.get_models() if m._meta.app_label in ("portal", "brands", "assessments", "workforce")
    ]
    rows = {m._meta.label: list(m.objects.order_by("pk").values()) for m in mine if not is_log(m)}
    if but_of:
        rows["portal.SavedView"] = [v for v in rows["portal.SavedView"] if v["user_id"] != but_of.pk]
    for user in rows["portal.User"]:
        del user["last_login"], user["sign_in_epoch"]  # one route ends the other sign-ins of whoever asks
    for label, found in rows.items():
        key = "id" if label == "portal.Filing" else "filing_ptr_id"
        rows[label] = [row for row in found if row.get(key) not in own]
    return rows


def is_log(model) -> bool:
    """Say whether a table holds what was looked at and refused: it grows by looking."""
    return model.__name__.startswith("Access")


def crawl(user: User | None, planted: list[Filing], methods=("get", "post"), is_asked=lambda route: True):
    """Yield (name, route, request, response) for every URL there is, or of the routes asked, as ``user``."""
    session = ""
    for name, route in filter(lambda found: is_asked(found[1]), routes()):
        client = Client()  # a new one for each route: one of them signs out, others leave messages
        if user:
            session = session or signed_in(user)
            client.cookies["session"] = session
        for url in urls(name, route, planted):
            for method in methods:
                query = "?q=场地" if method == "get" and not name.startswith("admin:") else ""
                response = getattr(client, method)(url + query, SENT if method == "post" else None)
                yield name, route, f"{method} {url}", response
        if user and client.cookies["session"].value != session:
            session = ""


def signed_in(user: User) -> str:
    """Return the key of a new session of ``user``."""
    client = Client()
    client.force_login(user)
    return client.cookies["session"].value
