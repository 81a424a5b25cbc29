"""Forms that make something, one for each route: who sends it, the page it stands on, what it says."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import periodic
from portal.models import Membership, Organisation, User
from portal.vocabulary import Kind, Role, State
from tests import editing, factories, noticing, reviewing, selecting
from tests.administration import staff, url
from tests.campaigning import campaign, duty, manager
from tests.consulting import QUESTION, in_days
from tests.factories import PROVINCE, WEIFANG, bureau

DAY = timedelta(days=1)
KEY = re.compile(r'name="form_key" value="([0-9a-f]{32})"')


@dataclass
class Sent:
    """A form: who sends it where, what it says, and the page it stands on when that is another."""

    user: User
    address: str
    data: dict = field(default_factory=dict)
    page: str = ""

    def browser(self) -> Client:
        """Return a browser in which its sender is signed in."""
        client = Client()
        client.force_login(self.user)
        return client

    def key(self, client: Client) -> str:
        """Open the page and return the key that the form bears there."""
        shown = client.get(self.page or self.address).content.decode()
        return KEY.search(shown)[1]


def notice_new() -> Sent:
    """Return the form of a new 公示."""
    noticing.know_the_years()
    record = factories.approved(noticing.KIND)
    said = {"title": "关于拟公布品牌名单的公示（演示）", "basis": "鲁人社字〔2024〕95号"}
    days = {"starts_on": str(noticing.today()), "working_days": "5"}
    asked = f"?kind=publicity&catalogue={noticing.KIND}"
    sent = {**said, **days, **noticing.CONTACTS, "filings": [record.pk], "read": ""}
    return Sent(noticing.drafter(), reverse("notice-new") + asked, sent)


def objection_new() -> Sent:
    """Return the form of an objection that came in."""
    notice = noticing.running()
    who = {"is_unit": "person", "objector": "演示异议人乙", "contact": "演示联系方式"}
    said = {
        "item": str(notice.items.get().pk),
        "text": "名称相近（演示）。",
        "received_on": str(noticing.today()),
    }
    return Sent(noticing.drafter(), reverse("objection-new", args=[notice.pk]), who | said)


def round_new() -> Sent:
    """Return the form of a selection round."""
    said = {"kind": selecting.KIND, "name": "演示批次", "basis": "鲁人社字〔2024〕95号 二（三）11"}
    return Sent(
        selecting.opener(), reverse("round-new"), said | {"quota": "2", "criteria": "品牌特色鲜明 100"}
    )


def campaign_new() -> Sent:
    """Return the form of a campaign."""
    today = timezone.localdate()
    said = {"name": "演示新任务", "kind": "skill-brands", "document_number": "演示文〔2026〕3号"}
    days = {"opens_on": str(today + DAY), "due_on": str(today + 9 * DAY), "reminder_days": "5"}
    return Sent(manager(), reverse("campaign-new"), said | days | {"expects": "city"})


def review_new() -> Sent:
    """Return the form of a periodic review."""
    reviewing.units(1)
    today = timezone.localdate()
    said = {"kind": reviewing.UNITS, "organisation": str(bureau(PROVINCE).pk), "name": "演示年度审核"}
    days = {"year": str(today.year), "due_on": str(today + 10 * DAY)}
    sent = {**said, **days, "basis": periodic.CLAUSE, "percent": "100", "seed": "20261121"}
    return Sent(reviewing.opener(), reverse("review-new"), sent)


def edition_new() -> Sent:
    """Return the form of an edition."""
    said = {"kind": editing.KIND, "name": "2024年版", "on": "2024-05-01", "document_number": editing.NUMBER}
    return Sent(factories.filer(PROVINCE), reverse("edition-new"), said)


def edition_add() -> Sent:
    """Return the form of a new project in an edition."""
    edition = editing.prepared(on=date(2024, 5, 1))
    page = reverse("edition", args=[edition.pk])
    return Sent(factories.filer(PROVINCE), reverse("edition-add", args=[edition.pk]), {"what": "new"}, page)


def schedule_set() -> Sent:
    """Return the form of a report that comes by itself."""
    said = {"report": "brands", "region": PROVINCE, "frequency": "monthly", "format": "xlsx"}
    return Sent(factories.reviewer(PROVINCE), reverse("schedule-set"), said, reverse("schedule-new"))


def report_make() -> Sent:
    """Return the form that asks for the file of a report."""
    page = reverse("report", args=["brands"])
    said = {"format": "xlsx", "region": PROVINCE, "cutoff": "2024-06-15"}
    return Sent(factories.reviewer(PROVINCE), reverse("report-make", args=["brands"]), said, page)


def filing_new() -> Sent:
    """Return the form that begins a draft."""
    return Sent(factories.filer(), reverse("filing-new", args=["skill-brands"]))


def credit_entry() -> Sent:
    """Return the form of a credit record."""
    entry = factories.entry("exam-institutions", on=date(2024, 5, 1))
    said = {"reason": "dishonest", "said": "演示查实的事实。", "on": "2025-03-01", "document_number": ""}
    return Sent(factories.reviewer(), reverse("credit-entry", args=[entry.code]), said)


def duty_extend() -> Sent:
    """Return the form that gives a bureau more time."""
    of = campaign(places=[WEIFANG])
    said = {"until": str(timezone.localdate() + 20 * DAY), "reason": "台风影响（演示）。"}
    return Sent(manager(), reverse("duty-extend", args=[duty(of).pk]), said)


def consultation() -> Sent:
    """Return the form that asks a joint department."""
    record = factories.filing("skill-brands", State.PROVINCE_REVIEW)
    said = {"version": 1, "department": bureau(PROVINCE, Kind.TRADE_UNION).pk, "question": QUESTION}
    at = reverse("consultation", args=[record.pk])
    page = reverse("filing", args=[record.pk])
    return Sent(factories.approver(), at, said | {"due_on": str(in_days(2))}, page)


def view_keep() -> Sent:
    """Return the form that keeps a view of the queue."""
    said = {"name": "久未受理", "from": "tab=todo&long=1"}
    return Sent(factories.reviewer(), reverse("view-keep"), said, reverse("desk") + "?tab=todo&long=1")


def account_add() -> Sent:
    """Return the form of an account."""
    said = {"username": "yanshi_new", "full_name": "演示新人", "is_active": "on"}
    return Sent(staff(factories.sysadmin()), url(User, "add"), said)


def post_add() -> Sent:
    """Return the form of a post."""
    said = {"user": factories.filer().pk, "organisation": bureau(WEIFANG).pk, "role": Role.REVIEWER}
    return Sent(staff(factories.secadmin()), url(Membership, "add"), said)


def organisation_add() -> Sent:
    """Return the form of an organisation."""
    said = {"name": "演示新设机构", "short_name": "演示机构", "kind": Kind.TRADE_UNION, "region": "370705"}
    return Sent(staff(factories.sysadmin()), url(Organisation, "add"), said)


#: Route → its form.
FORMS: dict[str, Callable[[], Sent]] = {
    "notice-new": notice_new,
    "objection-new": objection_new,
    "round-new": round_new,
    "campaign-new": campaign_new,
    "review-new": review_new,
    "edition-new": edition_new,
    "edition-add": edition_add,
    "schedule-set": schedule_set,
    "report-make": report_make,
    "filing-new": filing_new,
    "credit-entry": credit_entry,
    "duty-extend": duty_extend,
    "consultation": consultation,
    "view-keep": view_keep,
    "admin:portal_user_add": account_add,
    "admin:portal_membership_add": post_add,
    "admin:portal_organisation_add": organisation_add,
}
