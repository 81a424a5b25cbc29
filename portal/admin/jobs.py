"""Jobs, reports and schedules as the administrators read them; a job that hangs is cancelled here.

All else is done at the desk (``portal.jobs``, ``portal.schedules``). Neither the files nor the numbers in
them are opened from here.
"""

from django.contrib import admin, messages

from portal import jobs
from portal.admin.audit import ReadOnly
from portal.admin.base import site
from portal.models import Job, Report, ReportSchedule
from portal.vocabulary import Role
from portal.workflow import Refused


class OfJobs(ReadOnly):
    """Rows for who keeps the portal running and who audits it."""

    viewers = (Role.AUDITOR, Role.SYSTEM_ADMIN)


@admin.register(Job, site=site)
class JobAdmin(OfJobs):
    """Every piece of work: who asked for it when, how often it was tried, what became of it."""

    list_display = (
        "title",
        "kind",
        "status",
        "attempts",
        "requested_by",
        "requested_at",
        "finished_at",
        "reason",
    )
    list_filter = ("status", "kind", ("requested_at", admin.DateFieldListFilter))
    list_select_related = ("requested_by",)
    search_fields = ("title", "requested_by__full_name", "sha256")
    ordering = ("-requested_at", "-pk")
    exclude = ("parameters",)  # the sheet of an act on an edition may be among them
    actions = ("cancel",)

    @admin.action(description="取消所选的作业", permissions=["cancel"])
    def cancel(self, request, queryset):
        """Cancel each of them, or say of it why that cannot be."""
        for job in queryset.order_by("pk"):
            try:
                stopped = jobs.cancel(job, by=request.user)
            except Refused as reason:
                messages.warning(request, str(reason))
            else:
                word = "正在取消" if stopped.is_waiting else "已取消"
                messages.success(request, f"“{stopped}”{word}。")

    def has_cancel_permission(self, request):
        """Leave it to the system administrator."""
        return request.user.has_role(Role.SYSTEM_ADMIN)


@admin.register(Report, site=site)
class ReportAdmin(OfJobs):
    """Every report: of which kind, region and cut-off, with the digest a quoted number is checked by."""

    list_display = ("title", "region", "cutoff", "format", "status", "rows", "requested_by", "sha256")
    list_filter = ("slug", "format", "status", ("cutoff", admin.DateFieldListFilter))
    list_select_related = ("region", "requested_by")
    search_fields = ("title", "sha256", "period")
    ordering = ("-requested_at", "-pk")


@admin.register(ReportSchedule, site=site)
class ReportScheduleAdmin(OfJobs):
    """Which report comes by itself how often; who set and stopped it stands in the log."""

    list_display = ("slug", "region", "frequency", "format", "since", "is_active", "created_by")
    list_filter = ("frequency", "is_active", "slug")
    list_select_related = ("region", "created_by")
    ordering = ("slug", "frequency", "pk")
