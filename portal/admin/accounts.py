"""Accounts, posts, organisations, divisions and editions: who keeps which, see ``base``."""

from django.contrib import admin, messages

from portal import registry
from portal.accounts import one_time_password
from portal.admin.audit import ReadOnly
from portal.admin.base import ByPost, site
from portal.models import Edition, Membership, Organisation, Region, User
from portal.vocabulary import Role


@admin.register(User, site=site)
class UserAdmin(ByPost):
    """Accounts: made with a one-time password, reset, closed; what a person may do is given by posts."""

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
    list_filter = ("is_active", "is_staff", "must_change_password")
    search_fields = ("username", "full_name")
    ordering = ("username",)
    actions = ("reset_passwords",)

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Keep a person from closing his own account by mistake."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj == request.user:
            form.base_fields["is_active"].disabled = form.base_fields["is_staff"].disabled = True
        return form

    def save_model(self, request, obj, form, change):
        """Give a new account its one-time password."""
        if not change:
            self._give_password(request, obj)
        super().save_model(request, obj, form, change)

    @admin.action(description="重置所选账号的密码", permissions=["change"])
    def reset_passwords(self, request, queryset):
        """Give each chosen account a new one-time password; his own a person changes himself."""
        for user in queryset.exclude(pk=request.user.pk):
            self._give_password(request, user)
            user.save(update_fields=["password", "must_change_password"])
            self.log_change(request, user, "重置密码")

    def _give_password(self, request, user):
        password = one_time_password()
        user.set_password(password)
        user.must_change_password = True
        told = "这个密码只显示这一次，请当面交给本人；首次登录时须改密码。"
        self.message_user(
            request, f"账号 {user.username} 的一次性密码：{password} 。{told}", messages.WARNING
        )


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
