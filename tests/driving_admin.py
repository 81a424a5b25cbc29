"""Requests of the administration: accounts, posts, targets, decisions, what is taken in and out."""

from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from portal import accounts, registry, report_runs, reports
from portal.admin import site
from portal.models import Event, Job, Membership, Organisation, PolicyTarget, Region, ResetRequest, User
from tests import factories, made_files
from tests.administration import staff, url
from tests.batching import ticked
from tests.driving import LOOKED_AT, Sitting, Table, at
from tests.factories import COMMENT, PROVINCE, WEIFANG, bureau, filer, reviewer
from tests.sending import Sent

DRIVEN = Table()
LABOUR = registry.get("labour-brands")
ROLES = (filer, reviewer, factories.approver, factories.publisher, factories.joint, factories.auditor)
PEOPLE = (*ROLES, factories.sysadmin, factories.secadmin)
#: Page that a post opens → the permission that opens it; whoever sees a list may take it along.
PAGES = {"add": "add", "change": "change", "delete": "delete", "import": "import", "process_import": "import"}


def page_of(name: str) -> str:
    """Return the route of the administration; the pages of all record types are one class, so one route."""
    for record_type in registry.all_types():
        meta = record_type.model._meta
        name = name.replace(f"admin:{meta.app_label}_{meta.model_name}_", "admin:record_")
    return name


def open_pages() -> set[str]:
    """Return the pages by which some post adds, changes, deletes, takes in or out, or acts on rows."""
    people, found = [staff(who()) for who in (*PEOPLE, lambda: reviewer(PROVINCE))], set()
    for user in people:
        request = RequestFactory().get("/")
        request.user = user
        found |= set(_open_to(request))
    return found


def _open_to(request: HttpRequest) -> Iterator[str]:
    for model, admin in site._registry.items():
        start = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        known = {f"admin:{pattern.name}" for pattern in admin.get_urls()}
        for page, permission in PAGES.items():
            if f"{start}{page}" in known and getattr(admin, f"has_{permission}_permission")(request):
                yield page_of(f"{start}{page}")
        if admin.has_view_permission(request):
            if admin.get_actions(request):
                yield page_of(f"{start}changelist")
            if f"{start}export" in known:
                yield page_of(f"{start}export")


@DRIVEN.drives("admin:logout", "sign_out", status=200)
def logout() -> Sent:
    """Return the button that signs out."""
    return Sent(staff(filer()), at("admin:logout"))


@DRIVEN.drives("admin:portal_user_change", "account administer")
def user_change() -> Sent:
    """Return the form of an account."""
    person = filer()
    said = {"username": person.username, "full_name": "演示改名", "post": "科员", "is_active": "on"}
    return Sent(staff(factories.sysadmin()), url(User, "change", person.pk), said)


@DRIVEN.drives("admin:portal_user_changelist", "password administer")
def user_reset() -> Sent:
    """Return the action that ends a password."""
    sent = {"action": "reset_passwords", "_selected_action": [factories.stranger().pk], "index": 0}
    return Sent(staff(factories.sysadmin()), url(User, "changelist"), sent)


@DRIVEN.drives("admin:portal_resetrequest_changelist", "password administer")
def reset_agreed() -> Sent:
    """Return the action by which a second person agrees to a reset."""
    asked = accounts.ask_for_reset(factories.auditor(), by=factories.sysadmin())
    sent = {"action": "agree", "_selected_action": [asked.pk], "index": 0}
    return Sent(staff(factories.secadmin()), url(ResetRequest, "changelist"), sent)


@DRIVEN.drives("admin:portal_membership_change", "post administer")
def post_end() -> Sent:
    """Return the form that ends a post."""
    held = filer().memberships.get()
    facts = {"user": held.user_id, "organisation": held.organisation_id, "role": held.role}
    sent = facts | {"valid_from": "2020-01-01", "valid_to": "2098-12-31"}
    return Sent(staff(factories.secadmin()), url(Membership, "change", held.pk), sent)


@DRIVEN.drives("admin:portal_organisation_change", "administer")
def organisation_change() -> Sent:
    """Return the form of an organisation."""
    held = bureau(WEIFANG)
    sent = {"name": "演示改名机构", "short_name": "演示机构", "kind": held.kind, "region": held.region_id}
    return Sent(staff(factories.sysadmin()), url(Organisation, "change", held.pk), sent)


@DRIVEN.drives("admin:portal_region_change", "administer")
def region_change() -> Sent:
    """Return the form of a division."""
    held = Region.objects.get(pk="370705")
    names = ("code", "name", "short_name", "level", "source")
    sent = {name: getattr(held, name) for name in names} | {"parent": held.parent_id}
    sent |= {"valid_from": "2019-01-01", "valid_to": ""}
    return Sent(staff(factories.sysadmin()), url(Region, "change", held.pk), sent)


@DRIVEN.drives("admin:portal_policytarget_change", "administer")
def target_change() -> Sent:
    """Return the form of a target."""
    held = PolicyTarget.objects.exclude(operator="between").first()
    names = ("due_on", "document_number", "clause", "sentence")
    sent = {name: getattr(held, name) or "" for name in names} | {"number": held.number + 1}
    return Sent(staff(factories.sysadmin()), url(PolicyTarget, "change", held.pk), sent)


@DRIVEN.drives("admin:portal_job_changelist", "job")
def job_cancel() -> Sent:
    """Return the action that cancels the job of another."""
    asked = reports.ask("brands", timezone.now(), PROVINCE, {})
    job = report_runs.request(asked, "xlsx", by=reviewer(PROVINCE))
    sent = {"action": "cancel", "_selected_action": [job.pk], "index": 0}
    return Sent(staff(factories.sysadmin()), url(Job, "changelist"), sent)


@DRIVEN.drives("admin:portal_event_export", "export", status=200)
def event_export() -> Sent:
    """Return the button that takes the events out."""
    return Sent(staff(factories.auditor()), url(Event, "export"))


@DRIVEN.drives("admin:admin_logentry_export", "export", status=200)
def log_export() -> Sent:
    """Return the button that takes the log of the administration out."""
    return Sent(staff(factories.auditor()), url(LogEntry, "export"))


@DRIVEN.drives("admin:record_changelist decide", "accept")
def record_decide() -> Sent:
    """Return the action that accepts a filing."""
    record = factories.submitted(LABOUR)
    chosen = {"action": "accept", "_selected_action": [record.pk], "index": 0, "item": ticked([record])}
    sent = chosen | {"confirmed": "yes", "comment": COMMENT}
    return Sent(staff(reviewer()), url(LABOUR.model, "changelist"), sent)


@DRIVEN.drives("admin:record_changelist export", "export", status=200)
def record_export_ticked() -> Sent:
    """Return the action that takes what is ticked out."""
    record = factories.submitted(LABOUR)
    sent = {"action": "export", "_selected_action": [record.pk], "index": 0, "reason": "演示核对。"}
    return Sent(staff(reviewer()), url(LABOUR.model, "changelist"), sent)


@DRIVEN.drives("admin:record_export", "export", status=200)
def record_export() -> Sent:
    """Return the form that takes a list out."""
    factories.submitted(LABOUR)
    return Sent(staff(reviewer()), url(LABOUR.model, "export"), {"reason": "演示核对。"})


def sheet() -> dict:
    """Return a sheet with one brand as the first page of an import takes it."""
    lines = [["劳务品牌名称", "品牌类型", "从业人员"], ["演示家政", "民生保障型", 20]]
    file = SimpleUploadedFile("演示.xlsx", made_files.xlsx(lines))
    return {"import_file": file, "format": "0", "resource": "0"}


@DRIVEN.drives("admin:record_import", why=LOOKED_AT, status=200)
def record_import() -> Sent:
    """Return the form with a sheet."""
    return Sent(staff(filer()), url(LABOUR.model, "import"), sheet())


@DRIVEN.drives("admin:record_process_import", "import administer")
def record_process_import() -> Sent:
    """Return the form that takes the sheet in."""
    user, client = staff(filer()), Client()
    client.force_login(user)
    preview = client.post(url(LABOUR.model, "import"), sheet())
    sent = {field.name: field.value() for field in preview.context["confirm_form"]}
    return Sitting(user, url(LABOUR.model, "process_import"), sent, client=client)
