"""What is recorded wherever it is done: signing in and out, accounts, posts, the log of the administration.

Signals, for these acts have many doors: pages, commands, the administration, code that is yet to be written.
Each handler writes in the transaction of what it was told of.
"""

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.signals import request_finished
from django.db.models.signals import post_init, post_save

from portal import access_log
from portal.models import Act, ActResult, Membership, User

OF_AN_ACCOUNT = ("username", "full_name", "post", "email", "is_active", "is_staff", "must_change_password")
OF_A_POST = ("user_id", "organisation_id", "role", "valid_from", "valid_to")
TAKEN = {"导出": Act.EXPORT, "下载": Act.DOWNLOAD}  # how the notes of what was taken out begin
BROKEN_OFF = "下载中断"
UNKNOWN_NAME = "（没有这个用户名）"


def connect() -> None:
    """Listen; called once, when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="access")
    user_logged_out.connect(_signed_out, dispatch_uid="access")
    user_login_failed.connect(_not_signed_in, dispatch_uid="access")
    request_finished.connect(_request_finished, dispatch_uid="access")
    post_save.connect(_noted, sender=LogEntry, dispatch_uid="access")
    for model in (User, Membership):
        post_init.connect(_remember, sender=model, dispatch_uid="access")
        post_save.connect(_saved, sender=model, dispatch_uid="access")


def _request_finished(**kwargs) -> None:
    access_log.begin()


def _signed_in(request, user: User, **kwargs) -> None:
    access_log.record(Act.SIGN_IN, by=user, about=user)


def _signed_out(request, user: User | None, **kwargs) -> None:
    if user is not None:
        access_log.record(Act.SIGN_OUT, by=user, about=user)


def _not_signed_in(credentials: dict, **kwargs) -> None:
    """Record a name that exists; what else was typed may be a password in the wrong place."""
    typed = str(credentials.get("username", ""))
    known = User.objects.filter(username=typed).first()
    access_log.record(
        Act.SIGN_IN,
        by=known,
        about=known,
        result=ActResult.REFUSED,
        username="" if known else UNKNOWN_NAME,
    )


def _noted(instance: LogEntry, created: bool, **kwargs) -> None:
    """Record what the administration and the workbench note of what was changed, published, taken out."""
    said = instance.get_change_message()
    is_broken = not created and BROKEN_OFF in said
    kind = instance.content_type
    is_known = kind and kind.model_class() in (User, Membership) and instance.action_flag == ADDITION
    if is_known or (not created and not is_broken):  # who was added is recorded as such, with all facts
        return
    access_log.record(
        TAKEN.get(said[:2], Act.ADMINISTER),
        by=instance.user,
        result=ActResult.FAILED if is_broken else ActResult.DONE,
        kind=f"{kind.app_label}.{kind.model}" if kind else "",
        key=instance.object_id or "",
        title=instance.object_repr,
        phones=getattr(instance, "phones", ()) if created else (),
        details={"said": said},
    )


def _remember(instance, **kwargs) -> None:
    """Keep what an account or a post was read as, to say what it was before it is changed."""
    if instance.pk:
        instance.__dict__["_as_read"] = _facts(instance)


def _facts(instance) -> dict:
    """Return what is recorded of it, of columns that were read."""
    names = OF_AN_ACCOUNT if isinstance(instance, User) else OF_A_POST
    held = instance.__dict__
    facts = {name: held[name] for name in names if name in held}
    password = {"password": held["password"]} if "password" in held and isinstance(instance, User) else {}
    return facts | password


def _saved(instance, created: bool, raw: bool = False, update_fields=None, **kwargs) -> None:
    before, now = instance.__dict__.get("_as_read", {}), _facts(instance)
    changed = {name: value for name, value in now.items() if created or before.get(name) != value}
    written = {name.removesuffix("_id") for name in update_fields} if update_fields else None
    if written is not None:
        changed = {name: value for name, value in changed.items() if name.removesuffix("_id") in written}
    if not changed:
        return
    instance.__dict__["_as_read"] = now
    access_log.record(
        _act_of(instance, changed, created),
        about=instance,
        details={"after": _said(changed)} | ({} if created else {"before": _said(before, changed)}),
    )


def _act_of(instance, changed: dict, created: bool) -> str:
    if isinstance(instance, Membership):
        return Act.POST
    is_password = "password" in changed and not created
    return Act.PASSWORD if is_password else Act.ACCOUNT


def _said(facts: dict, only=None) -> dict:
    """Return values as they are recorded: a password as being there, a mail address covered."""
    covers = {"password": lambda value: "（不记录）", "email": access_log.covered_mail}
    return {name: covers.get(name, _plain)(facts.get(name)) for name in (only or facts)}


def _plain(value):
    return value if isinstance(value, bool | int | None) else str(value)
