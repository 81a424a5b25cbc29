"""Requests of one person: signing in, his own account, messages, imports, jobs, what he takes out."""

from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.utils import timezone

from portal import (
    imports,
    invitations,
    registry,
    report_runs,
    reports,
    saved_views,
    schedules,
    second_factor,
)
from portal.models import Import, Message, Report
from tests import factories, identity, made_files
from tests.driving import JOB, LOOKED_AT, OWN, Sitting, Table, at
from tests.factories import PASSWORD, PROVINCE, auditor, filer, reviewer
from tests.sending import Sent

DRIVEN = Table()
UNIT, NEW = "building-units", "Correct horse 7 battery"
SHEET = [["单位全称", "单位类型", "法定代表人"], ["演示甲公司", "其他", "演示张三"]]
FAULTY = [*SHEET, ["演示乙公司", "没有这种", "演示李四"]]


@DRIVEN.drives("login", "sign_in")
def login() -> Sent:
    """Return the form of the sign-in page."""
    user = filer()
    return Sitting(user, at("login"), {"username": user.username, "password": PASSWORD}, client=Client())


@DRIVEN.drives("login-code", "sign_in")
def login_code() -> Sent:
    """Return the form of the second step."""
    user, client = filer(), Client()
    key = identity.authenticator(user)
    identity.try_in(client, user.username)
    return Sitting(user, at("login-code"), {"code": identity.code_now(key)}, client=client)


@DRIVEN.drives("logout", "sign_out", status=200)
def logout() -> Sent:
    """Return the button that signs out."""
    return Sent(filer(), at("logout"))


@DRIVEN.drives("activate", "password")
def activate() -> Sent:
    """Return the form behind a link: nobody is signed in, and the record is about the account."""
    user, client = filer(), Client()
    invitations.shut(user)
    user.save()
    asked = RequestFactory().get("/")
    page = client.get(urlsplit(invitations.link(asked, user)).path, follow=True)
    sent = {"new_password1": NEW, "new_password2": NEW}
    return Sitting(AnonymousUser(), page.request["PATH_INFO"], sent, client=client)


@DRIVEN.drives("password-change", "password")
def password_change() -> Sent:
    """Return the form of a new password."""
    sent = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return Sent(filer(), at("password-change"), sent)


@DRIVEN.drives("second-factor", "account", status=200)
def second_factor_set_up() -> Sent:
    """Return the form that sets up an authenticator."""
    user, client = filer(), Client()
    client.force_login(user)
    client.get(at("second-factor"))
    key = second_factor.key_of(user, client.session["new_salt"])
    return Sitting(user, at("second-factor"), {"code": identity.code_now(key)}, client=client)


@DRIVEN.drives("confirm", why="who somebody is, is proved again; what he then does is recorded")
def confirm() -> Sent:
    """Return the form that proves again who somebody is."""
    return Sent(filer(), at("confirm"), {"password": PASSWORD})


@DRIVEN.drives("held-form", why=OWN)
def held_form() -> Sent:
    """Return the button that forgets a form that waited."""
    user, client = filer(), identity.entered(filer())
    identity.age(client, seen_at=3600)
    client.post(at("filing-new", "skill-brands"), {"note": "留言（演示）"})
    client.force_login(user)
    return Sitting(user, at("held-form"), {"drop": "1"}, client=client)


@DRIVEN.drives("sessions-end", why=OWN)
def sessions_end() -> Sent:
    """Return the button that ends one's other sign-ins."""
    return Sent(filer(), at("sessions-end"))


@DRIVEN.drives("stay", why=OWN, status=200)
def stay() -> Sent:
    """Return what says that somebody is still there."""
    return Sent(filer(), at("stay"))


@DRIVEN.drives("tour", why=OWN)
def tour() -> Sent:
    """Return the button that ends the card of the first sign-in."""
    return Sent(filer(), at("tour"), {"tour": "end"})


@DRIVEN.drives("preferences", why=OWN)
def preferences() -> Sent:
    """Return the form of how a person wants to see the pages."""
    return Sent(filer(), at("preferences"), {"theme": "dark"})


@DRIVEN.drives("view-drop", why=OWN)
def view_drop() -> Sent:
    """Return the button that deletes a kept view."""
    view = saved_views.keep(reviewer(), "演示视图", "tab=todo")
    return Sent(reviewer(), at("view-drop", view.pk))


def told() -> Message:
    """Return a message to a bureau."""
    factories.filing(UNIT, "returned")
    return Message.objects.filter(user=filer()).first()


@DRIVEN.drives("messages", why=OWN)
def messages() -> Sent:
    """Return the button that marks all messages as read."""
    return Sent(told().user, at("messages"))


@DRIVEN.drives("message-read", why=OWN)
def message_read() -> Sent:
    """Return the button that marks one message as read."""
    message = told()
    return Sent(message.user, at("message-read", message.pk))


@DRIVEN.drives("message-preferences", "account")
def message_preferences() -> Sent:
    """Return the form of how a person wants to be told."""
    sent = {"mail": "off", "texts": "", "email": "yanshi@portal.example"}
    return Sent(filer(), at("message-preferences"), sent)


def received(lines: list[list]) -> Import:
    """Return a sheet that the bureau sent."""
    return imports.receive(made_files.xlsx(lines), "演示.xlsx", registry.get(UNIT), by=filer())


@DRIVEN.drives("filing-import", why=LOOKED_AT)
def filing_import() -> Sent:
    """Return the form with a sheet."""
    sheet = SimpleUploadedFile("演示.xlsx", made_files.xlsx(SHEET))
    return Sent(filer(), at("filing-import"), {"type": UNIT, "file": sheet})


@DRIVEN.drives("import-confirm", "import")
def import_confirm() -> Sent:
    """Return the button that takes a sheet in."""
    return Sent(filer(), at("import-confirm", received(SHEET).pk))


@DRIVEN.drives("import-abandon", "import")
def import_abandon() -> Sent:
    """Return the button that gives a sheet up."""
    return Sent(filer(), at("import-abandon", received(SHEET).pk))


@DRIVEN.drives("import-receipt", "download", status=200)
def import_receipt() -> Sent:
    """Return the button of the sheet with its errors."""
    return Sent(filer(), at("import-receipt", received(FAULTY).pk))


@DRIVEN.drives("desk-export", "export", status=200)
def desk_export() -> Sent:
    """Return the button that takes the queue out."""
    factories.submitted(UNIT)
    return Sent(reviewer(), at("desk-export") + "?tab=todo")


@DRIVEN.drives("filing-export", "export", status=200)
def filing_export() -> Sent:
    """Return the form that takes a list out."""
    factories.submitted(UNIT)
    return Sent(reviewer(), at("filing-export", UNIT), {"reason": "演示核对。"})


@DRIVEN.drives("audit-export", "export", status=200)
def audit_export() -> Sent:
    """Return the button that takes the access log out."""
    return Sent(auditor(), at("audit-export", "csv"))


@DRIVEN.drives("audit-phone", "look_up", status=200)
def audit_phone() -> Sent:
    """Return the form that asks who saw a number."""
    return Sent(auditor(), at("audit-phone"), {"number": "13800003707"})


@DRIVEN.drives("audit-check", why=JOB)
def audit_check() -> Sent:
    """Return the button that checks the chain."""
    return Sent(auditor(), at("audit-check"))


def report() -> Report:
    """Return a report that waits."""
    asked = reports.ask("brands", timezone.now(), PROVINCE, {})
    return report_runs.request(asked, "xlsx", by=reviewer(PROVINCE))


@DRIVEN.drives("job-cancel", "job")
def job_cancel() -> Sent:
    """Return the button that cancels a job."""
    return Sent(reviewer(PROVINCE), at("job-cancel", report().pk))


@DRIVEN.drives("job-again", why=JOB)
def job_again() -> Sent:
    """Return the button that asks for a report once more."""
    return Sent(reviewer(PROVINCE), at("job-again", report().pk))


@DRIVEN.drives("schedule-stop", "administer")
def schedule_stop() -> Sent:
    """Return the button that stops a schedule."""
    by = reviewer(PROVINCE)
    held = schedules.create(by=by, slug="brands", region=PROVINCE, frequency="monthly")
    return Sent(by, at("schedule-stop", held.pk))
