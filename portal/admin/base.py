"""The site of the administration and the base of its pages: doors that only posts open.

The three administrators act for the whole installation, so their posts count at the province only:

* ``system_admin``   makes, resets and closes accounts; dates divisions and organisations
* ``security_admin`` gives and ends posts, never his own
* ``auditor``        reads events, versions and the log of this administration
"""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from portal.models import User
from portal.views.once import once
from portal.vocabulary import Level


class PortalSite(admin.AdminSite):
    """Signs in by the portal's own page; open to staff who hold a post."""

    site_header = site_title = "管理后台"
    index_title = "可以查看和办理的内容"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether the person may enter at all."""
        user = request.user
        return user.is_authenticated and user.is_active and user.is_staff and bool(user.posts)

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Send strangers to the sign-in page; whoever is signed in and may not enter is told so."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def password_change(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Send to the one page where passwords are changed."""
        return redirect("password-change")


site = PortalSite(name="admin")


def sits_at_province(user: User, *roles: str) -> bool:
    """Say whether ``user`` holds one of ``roles`` in an organisation of the province."""
    return any(post.role in roles and post.organisation.region.level == Level.PROVINCE for post in user.posts)


class NotThere:
    """What is out of reach answers as what does not exist."""

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404


class ByPost(NotThere, admin.ModelAdmin):
    """A page opened by posts at the province: ``viewers`` look, ``editors`` add and change, nobody deletes.

    ``fixed`` fields are given once and shown greyed afterwards.
    """

    viewers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    actions = None
    show_full_result_count = False
    list_per_page = 50

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        """Say whether the person may look."""
        return sits_at_province(request.user, *self.viewers, *self.editors)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Say whether the page is listed for the person."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say whether the person may add."""
        return sits_at_province(request.user, *self.editors)

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        """Say whether the person may change."""
        return sits_at_province(request.user, *self.editors)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        """Say no: rows are end-dated, never deleted."""
        return False

    @method_decorator(once)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Add one row, however often the form is sent."""
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs):
        """Grey the fixed fields of what exists; they stay in the form, so every constraint is checked."""
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in set(self.fixed) & set(form.base_fields) if change else ():
            form.base_fields[name].disabled = True
        return form
