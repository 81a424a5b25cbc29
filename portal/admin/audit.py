"""What the auditor reads: events, submitted versions, the log of this administration. Nothing is written."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import OuterRef
from django.db.models.fields.json import KT
from django.utils.html import format_html_join
from django.utils.timezone import localtime

from portal import reading
from portal.actions import ACTIONS
from portal.admin.base import ByPost, site
from portal.admin.exporting import Exportable
from portal.decision import ENTRY_ACTS, said
from portal.models import Event, FilingVersion
from portal.vocabulary import Role

ACTION_NAMES = list(dict.fromkeys(action.name for action in ACTIONS))
MASK = "（个人信息不显示）"


def titled(event: Event) -> str:
    """Return the title of an event's filing as it was last submitted, which alone the auditor reads."""
    return event.title or f"（未提交的{event.filing.record_type}）"


EVENT_COLUMNS = {
    "时间": (20, lambda event: localtime(event.at)),
    "动作": (16, lambda event: said(event, event.filing)),
    "填报": (36, titled),
    "类型": (24, lambda event: event.filing.record_type.label),
    "序号": (8, lambda event: event.number),
    "版本": (8, lambda event: event.version),
    "原状态": (16, lambda event: event.get_source_display()),
    "新状态": (16, lambda event: event.get_target_display()),
    "经办人": (14, lambda event: event.by_name),
    "单位": (30, lambda event: event.organisation_name),
    "意见": (46, lambda event: event.comment),
    "请求编号": (36, lambda event: event.request_id),
    "前一摘要": (68, lambda event: event.previous_hash),
    "摘要": (68, lambda event: event.hash),
}
LOG_COLUMNS = {
    "时间": (20, lambda entry: localtime(entry.action_time)),
    "用户": (14, lambda entry: str(entry.user)),
    "用户名": (20, lambda entry: entry.user.username),
    "类别": (20, lambda entry: str(entry.content_type or "")),
    "对象": (40, lambda entry: entry.object_repr),
    "说明": (60, lambda entry: entry.get_change_message()),
}


class ReadOnly(ByPost):
    """Rows that are looked at and never touched."""

    viewers = (Role.AUDITOR,)

    def has_add_permission(self, request):
        """Say no."""
        return False

    def has_change_permission(self, request, obj=None):
        """Say no."""
        return False


class ActionFilter(admin.SimpleListFilter):
    """Events of one action, offered in words."""

    title, parameter_name = "动作", "action"

    def lookups(self, request, model_admin):
        """Return the actions there are."""
        labels = {name: dict.fromkeys(a.label for a in ACTIONS if a.name == name) for name in ACTION_NAMES}
        return [(name, "／".join(words)) for name, words in labels.items()] + list(ENTRY_ACTS.items())

    def queryset(self, request, queryset):
        """Narrow to the chosen action."""
        return queryset.filter(action=self.value()) if self.value() in dict(self.lookup_choices) else queryset


@admin.register(Event, site=site)
class EventAdmin(Exportable, ReadOnly):
    """Who did what to which filing, when, in whose name, with which request."""

    fields = (
        "at",
        "word",
        "about",
        "version",
        "source",
        "target",
        "by_name",
        "organisation_name",
        "comment",
        "request_id",
        "previous_hash",
        "hash",
    )
    list_display = (
        "at",
        "word",
        "about",
        "version",
        "source",
        "target",
        "by_name",
        "organisation_name",
        "request_id",
    )
    list_filter = (ActionFilter, ("at", admin.DateFieldListFilter))
    list_select_related = export_related = ("filing__organisation__region",)
    export_columns = EVENT_COLUMNS
    search_fields = ("by_name", "by__username", "organisation_name", "title", "request_id")
    search_help_text = "按经办人姓名或用户名、单位、填报名称、请求编号查找"
    ordering = ("-at", "-pk")

    def get_queryset(self, request):
        """Return the events with the title last submitted, which alone the auditor reads."""
        versions = FilingVersion.objects.filter(filing=OuterRef("filing")).order_by("-number")
        return super().get_queryset(request).annotate(title=versions.values_list(KT("snapshot__title"))[:1])

    @admin.display(description="填报")
    def about(self, event):
        """Return the title of the filing as it was last submitted."""
        return titled(event)

    @admin.display(description="动作", ordering="action")
    def word(self, event):
        """Return the action in words."""
        return said(event, event.filing)


@admin.register(FilingVersion, site=site)
class FilingVersionAdmin(ReadOnly):
    """What was submitted, with its hash; names and numbers of persons stay covered."""

    fields = ("about", "number", "submitted_at", "submitted_by", "sha256", "content")
    list_display = ("about", "number", "submitted_at", "submitted_by", "sha256")
    list_filter = (("submitted_at", admin.DateFieldListFilter),)
    list_select_related = ("filing", "submitted_by")
    search_fields = ("snapshot__title", "submitted_by__full_name", "submitted_by__username", "sha256")
    ordering = ("-submitted_at", "-pk")

    @admin.display(description="填报")
    def about(self, version):
        """Return the title that was submitted."""
        return version.snapshot["title"] or reading.NAMELESS

    @admin.display(description="内容")
    def content(self, version):
        """Return the printed words of the version, field by field."""
        personal = set(version.filing.record_type.personal)
        fields = [field for section in version.snapshot["sections"] for field in section["fields"]]
        lines = ((f["label"], MASK if f["name"] in personal else f["text"]) for f in fields)
        return format_html_join("", "<p><b>{}</b><br>{}</p>", lines)


@admin.register(LogEntry, site=site)
class LogEntryAdmin(Exportable, ReadOnly):
    """What was done in this administration: accounts, posts, exports."""

    fields = ("action_time", "user", "content_type", "object_repr", "message")
    list_display = ("action_time", "user", "content_type", "object_repr", "message")
    list_filter = (("action_time", admin.DateFieldListFilter),)
    list_select_related = export_related = ("user", "content_type")
    export_columns = LOG_COLUMNS
    search_fields = ("user__full_name", "user__username", "object_repr")
    ordering = ("-action_time", "-pk")

    @admin.display(description="说明")
    def message(self, entry):
        """Return what was done in words."""
        return entry.get_change_message()
