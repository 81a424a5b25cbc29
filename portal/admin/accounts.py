"""Accounts, posts, organisations, divisions and editions: who keeps which, see ``base``."""

from smtplib import SMTPException

from django.contrib import admin, messages
from django.utils.crypto import get_random_string

from portal import accounts, invitations, mailing, registry, search_jobs
from portal.admin.audit import ReadOnly
from portal.admin.base import ByPost, site, sits_at_province
from portal.models import Edition, Membership, Organisation, Region, ResetRequest, User
from portal.vocabulary import Role

POST_FIRST = "系统管理员、安全管理员、审计员的账号，先由安全管理员停用岗位，再在这里停用。"
ASKED = "账号 {} 的重置申请已提交，密码没有改动。由另一位安全管理员或审计员在“重置申请”中同意后生效。"
OPENED_BY_TWO = "在用户列表中选“重置密码”申请；由另一位安全管理员或审计员同意后启用，由同意的人转交链接。"
CLOSED = "账号 {} 已停用，没有重置；请先在账号页启用，启用时会给出链接。"
UNCERTAIN = "账号 {} 的密码已停用，不能确定链接是否已经发出，请过一会儿再重置一次。"


class Unused(admin.SimpleListFilter):
    """Accounts nobody has signed in with for ninety days."""

    title, parameter_name = "久未登录", "unused"

    def lookups(self, request, model_admin):
        """Return the one choice."""
        return [("1", "90 天以上没有登录")]

    def queryset(self, request, queryset):
        """Narrow to the chosen ones."""
        return accounts.unused(queryset) if self.value() == "1" else queryset


@admin.register(User, site=site)
class UserAdmin(ByPost):
    """Accounts: made with a link to set a password, reset, closed; what a person may do is given by posts."""

    viewers, editors = (Role.SECURITY_ADMIN,), (Role.SYSTEM_ADMIN,)
    fixed = ("username",)
    fields = ("username", "full_name", "post", "is_staff", "is_active")
    list_display = (
        "username",
        "full_name",
        "post",
        "is_active",
        "is_staff",
        "must_change_password",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "must_change_password", Unused)
    search_fields = ("username", "full_name")
    ordering = ("username",)
    actions = ("reset_passwords",)

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Keep a person from closing his own account by mistake, and others that take a second person."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj and "is_active" in form.base_fields and (why := _why_fixed(obj)):
            form.base_fields["is_active"].disabled = True
            form.base_fields["is_active"].help_text = why
        for name in form.base_fields.keys() & {"is_active", "is_staff"} if obj == request.user else ():
            form.base_fields[name].disabled = True  # who may only look has none of them
        return form

    def save_model(self, request, obj, form, change):
        """Store; an account that is new or opened again gets a link by which its owner sets a password."""
        is_opened = change and "is_active" in form.changed_data and obj.is_active
        if not change or is_opened:
            invitations.shut(obj)
        super().save_model(request, obj, form, change)
        if not change or is_opened:
            self._tell(request, obj)

    @admin.action(description="重置所选账号的密码", permissions=["change"])
    def reset_passwords(self, request, queryset):
        """End password and second step of each chosen account, or ask a second person to agree to it."""
        for user in queryset.exclude(pk=request.user.pk):
            if accounts.waits_for_another(user):
                accounts.ask_for_reset(user, by=request.user)
                self.log_change(request, user, "申请重置密码")
                self.message_user(request, ASKED.format(user.username), messages.WARNING)
            elif not user.is_active:
                self.message_user(request, CLOSED.format(user.username), messages.WARNING)
            else:
                accounts.reset(user)
                self.log_change(request, user, "重置密码")
                self._tell(request, user)

    def _tell(self, request, user):
        """Show the link once; it is the owner who sets the password, and nobody sees it."""
        self.message_user(request, told_of(request, user), messages.WARNING)


def _why_fixed(user: User) -> str:
    """Return why one administrator alone neither closes an account nor opens it, empty where he does."""
    if user.is_active:
        return POST_FIRST if accounts.is_administrator(user) else ""
    return OPENED_BY_TWO if accounts.waits_for_another(user) else ""


def told_of(request, user: User) -> str:
    """Return the sentence that hands over the link of an account, by mail where its owner has an address."""
    address = invitations.link(request, user)
    if accounts.goes_by_mail(user):
        return _mailed(user, address)
    told = "请交给本人，由本人打开后设置密码；只能用一次，7 天内有效，这里只显示这一次。"
    return f"账号 {user.username} 设置密码的链接：{address} 。{told}"


def _mailed(user: User, address: str) -> str:
    """Send a link to its owner alone and return the sentence that says so."""
    body = f"{user} 您好：\n\n请打开下面的链接设置密码，只能用一次，7 天内有效。\n\n{address}\n"
    try:
        mailing.send(user.email, "设置密码", body, number=f"password-{get_random_string(20)}")
    except mailing.NotSent as reason:
        return f"账号 {user.username} 的密码已停用，本人还没有收到链接：{reason}请过一会儿再重置一次。"
    except (OSError, SMTPException):  # broken off: the server may have taken it
        return UNCERTAIN.format(user.username)
    return f"账号 {user.username} 设置密码的链接已发到本人邮箱，7 天内有效；这里不显示。"


@admin.register(ResetRequest, site=site)
class ResetRequestAdmin(ReadOnly):
    """Resets that take two: asked for by the system administrator, agreed to by one who watches him."""

    viewers = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
    fields = list_display = ("user", "asked_by", "asked_at", "agreed_by", "agreed_at")
    list_select_related = ("user", "asked_by", "agreed_by")
    ordering = ("-asked_at", "-pk")
    actions = ("agree",)

    def has_agree_permission(self, request) -> bool:
        """Say whether the person may agree."""
        return sits_at_province(request.user, Role.SECURITY_ADMIN, Role.AUDITOR)

    @admin.action(description="同意所选的重置申请", permissions=["agree"])
    def agree(self, request, queryset):
        """Agree to what another asked for; whoever agrees hands the link over."""
        for asked in queryset:
            if accounts.agree_to_reset(asked, by=request.user):
                self.log_change(request, asked, "同意重置密码")
                self.message_user(request, told_of(request, asked.user), messages.WARNING)
            else:
                self.message_user(request, accounts.NOT_AGREED, messages.ERROR)


@admin.register(Membership, site=site)
class MembershipAdmin(ByPost):
    """Posts: given by the security administrator, ended by a date; his own are out of his reach."""

    viewers, editors = (Role.AUDITOR, Role.SYSTEM_ADMIN), (Role.SECURITY_ADMIN,)
    fixed = ("user", "organisation", "role")
    fields = ("user", "organisation", "role", "valid_from", "valid_to")
    list_display = ("user", "organisation", "role", "valid_from", "valid_to")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__username", "user__full_name", "organisation__name")
    autocomplete_fields = ("user", "organisation")
    ordering = ("organisation__region_id", "organisation_id", "user_id", "role")

    def has_change_permission(self, request, obj=None):
        """Nobody changes a post of his own."""
        own = obj is not None and obj.user_id == request.user.pk
        return not own and super().has_change_permission(request, obj)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Nobody gives himself a post."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.exclude(pk=request.user.pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Organisation, site=site)
class OrganisationAdmin(ByPost):
    """Organisations: one that is closed gets its last day."""

    viewers, editors = (Role.SECURITY_ADMIN, Role.AUDITOR), (Role.SYSTEM_ADMIN,)
    fixed = ("kind", "region")
    fields = ("name", "short_name", "kind", "region", "valid_from", "valid_to")
    list_display = ("name", "kind", "region", "valid_from", "valid_to")
    list_filter = ("kind",)
    list_select_related = ("region",)
    search_fields = ("name", "short_name", "region__name", "region__code")
    autocomplete_fields = ("region",)
    ordering = ("region_id", "kind", "pk")


@admin.register(Region, site=site)
class RegionAdmin(ByPost):
    """Divisions: facts with a source, loaded from the fixtures; here they are dated and renamed."""

    viewers, editors = (Role.SECURITY_ADMIN, Role.AUDITOR), (Role.SYSTEM_ADMIN,)
    fixed = ("code", "level", "parent")
    fields = ("code", "name", "short_name", "level", "parent", "source", "valid_from", "valid_to")
    list_display = ("code", "name", "level", "parent", "valid_from", "valid_to")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("code",)

    def has_add_permission(self, request):
        """New divisions come from the fixtures (``load_reference``)."""
        return False

    def save_model(self, request, obj, form, change):
        """Store, and let the public search follow a new name; in the transaction of the page."""
        super().save_model(request, obj, form, change)
        if "name" in form.changed_data:
            search_jobs.ask(obj)


@admin.register(Edition, site=site)
class EditionAdmin(ReadOnly):
    """Editions of the catalogues as they were made at the workbench, which alone makes them."""

    viewers = (Role.FILER, Role.REVIEWER, Role.APPROVER, Role.PUBLISHER, Role.AUDITOR)
    fields = (
        *("kind", "region", "name", "document_number", "on", "is_demo"),
        *("created_by", "proposed_by", "proposed_at", "approved_by", "approved_at"),
        *("published_by", "published_at", "abandoned_at"),
    )
    list_display = ("catalogue", "region", "name", "document_number", "on", "published_at", "is_demo")
    list_select_related = ("region",)
    ordering = ("kind", "region_id", "-on", "-pk")

    @admin.display(description="目录", ordering="kind")
    def catalogue(self, edition):
        """Return the name of the catalogue."""
        return dict(_catalogues()).get(edition.kind, edition.kind)


def _catalogues() -> list[tuple[str, str]]:
    return [(record_type.slug, record_type.label) for record_type in registry.all_types()]
