"""One RecordAdmin for all record types: look, filter, export, import drafts, decide by ``workflow.perform``.

What is filed is changed at the workbench only; here nothing is typed over, and nothing is ever deleted.
"""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from import_export.admin import ExportMixin

from portal import access_log, exports, reading, registry
from portal.actions import ACTIONS, REVIEWERS
from portal.admin.base import NotThere, site
from portal.admin.decisions import decision
from portal.admin.imports import DraftImport
from portal.admin.lists import AsRead, CityFilter, as_read, column, searched
from portal.decision import said
from portal.registry import RecordType
from portal.vocabulary import BUSINESS_ROLES, Role
from portal.workflow import Refused

READERS = (*BUSINESS_ROLES, Role.JOINT_REVIEWER, Role.AUDITOR)
DECISIONS = ("accept", "endorse", "approve", "return", "reject")


class RecordAdmin(NotThere, DraftImport, ExportMixin, admin.ModelAdmin):
    """The page of one record type; everything of the type comes from its declaration."""

    search_fields = ("title",)  # opens the box; what it looks through is said by ``searched``
    search_help_text = "按名称、填报单位或目录编号查找"
    ordering = ("-arrived_at", "-pk")
    fields = readonly_fields = ("bureau", "place", "state", "version", "submitted_at", "decided_at")
    show_full_result_count = False
    list_per_page = 50
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    change_form_template = "admin/portal/record.html"
    export_template_name = "admin/portal/export.html"

    @property
    def record_type(self) -> RecordType:
        """The declaration this page is made from."""
        return self.model.record_type

    def has_view_permission(self, request, obj=None):
        """Say whether a post lets the person look; which rows is said by the queryset."""
        return request.user.has_role(*READERS)

    def has_module_permission(self, request):
        """Say whether the type is listed for the person."""
        return self.has_view_permission(request)

    def has_add_permission(self, request):
        """Say no: drafts begin at the workbench or by import."""
        return False

    def has_change_permission(self, request, obj=None):
        """Say no: what is filed changes by the workflow only."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Say no: nothing is deleted."""
        return False

    def has_export_permission(self, request):
        """Say whether the person may export: what he sees, he may take with him."""
        return self.has_view_permission(request)

    def get_queryset(self, request):
        """Return what the person may see, each filing as he may read it."""
        return as_read(self.record_type, request.user).order_by(*self.ordering)

    def get_changelist(self, request, **kwargs):
        """Return the list whose titles are as read."""
        return AsRead

    def get_list_display(self, request):
        """Return the columns of the declaration, then where the filing stands."""
        columns = [column(self.record_type, name, request.user) for name in self.record_type.columns]
        return [*columns, "organisation", "state", "arrived_at"]

    def get_search_results(self, request, queryset, search_term):
        """Search what the person may read; no filing is found twice."""
        return searched(queryset, request.user, search_term), False

    def get_list_filter(self, request):
        """Return state, city and the facets of the declaration."""
        return ["state", CityFilter, *self.record_type.facets]

    def lookup_allowed(self, lookup, value, request):
        """Let nobody ask by address for what no filter offers, such as the beginning of a phone number."""
        return lookup.split("__")[0] in {"state", CityFilter.parameter_name, *self.record_type.facets}

    def get_actions(self, request):
        """Return the decisions of reviewers in the workflow's words, and the export of what is ticked."""
        words = {
            a.name: a.label for a in reversed(ACTIONS) if a.reviews and self.record_type.route in a.routes
        }
        names = [name for name in DECISIONS if name in words] if request.user.has_role(*REVIEWERS) else []
        decisions = {name: (decision(name, words[name]), name, words[name]) for name in names}
        return {**decisions, "export": (RecordAdmin.export_selected, "export", "导出所选")}

    def export_selected(self, request, queryset):
        """Export the ticked rows; with personal columns, ask for the reason first."""
        return self._exported(request, queryset, is_ticked=True)

    def export_action(self, request):
        """Ask, then export what the list shows under the same filters; only the answer leaves a trace."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        return self._exported(request, self.get_export_queryset(request))

    def _exported(self, request, queryset, is_ticked=False):
        """Return the workbook, or the page that asks for it: of ticked rows only when a reason is wanted."""
        refusal, typed = "", request.POST.get("reason", "")
        if request.method == "POST":
            try:
                return exports.export_response(request.user, self.record_type, queryset, typed)
            except Refused as refused:
                refusal = str(refused) if "reason" in request.POST else ""
        context = {"title": f"导出{self.record_type}", "number": queryset.count(), "opts": self.opts}
        context |= {"asks_reason": exports.takes_personal(request.user, self.record_type), "typed": typed}
        context |= {"ticked": queryset.values_list("pk", flat=True) if is_ticked else (), "refusal": refusal}
        shown = self.admin_site.each_context(request) | context
        return TemplateResponse(request, self.export_template_name, shown, status=422 if refusal else 200)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the filing as this person may read it, with its events."""
        filing = self.get_object(request, object_id)
        if filing is None:
            raise Http404
        hidden = () if exports.may_see_personal(request.user) else self.record_type.personal
        sheet = reading.read(filing, request.user)
        if not hidden:
            access_log.mark_filing(request, filing, sheet)
        shown = {"sheet": sheet, "hidden": hidden, "filing": filing}
        events = [(said(event, filing), event) for event in filing.events.order_by("number")]
        return super().change_view(request, object_id, form_url, {**shown, "events": events})

    @admin.display(description="填报单位")
    def bureau(self, filing):
        """Return the bureau by name; whoever reads a filing may not open its bureau here."""
        return filing.organisation.name

    @admin.display(description="所属区划")
    def place(self, filing):
        """Return the division with its city."""
        return filing.region.full_name

    def get_object(self, request, object_id, from_field=None):
        """Return the filing under the title this person may read."""
        filing = super().get_object(request, object_id, from_field)
        if filing is not None:
            filing.title = reading.title_for(filing, request.user)
        return filing


for _type in registry.all_types():
    site.register(_type.model, RecordAdmin)
