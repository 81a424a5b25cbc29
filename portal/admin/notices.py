"""Notices and working days as the auditor reads them; the desk writes them. Objections are not here."""

from django.contrib import admin

from portal.admin.audit import ReadOnly
from portal.admin.base import site
from portal.models import PublicNotice, Workday


@admin.register(PublicNotice, site=site)
class PublicNoticeAdmin(ReadOnly):
    """Who drafted, published and withdrew which notice; each act stands in the log."""

    list_display = (
        "title",
        "kind",
        "organisation",
        "starts_on",
        "ends_on",
        "created_by",
        "published_at",
        "published_by",
        "withdrawn_at",
    )
    list_filter = ("kind", ("starts_on", admin.DateFieldListFilter))
    list_select_related = ("organisation", "created_by", "published_by")
    search_fields = ("title", "document_number", "organisation__name")
    ordering = ("-starts_on", "-pk")


@admin.register(Workday, site=site)
class WorkdayAdmin(ReadOnly):
    """The days entered from the yearly notice of 国务院办公厅, which the publisher of the province keeps."""

    list_display = ("day", "is_worked", "source")
    list_filter = ("is_worked", ("day", admin.DateFieldListFilter))
    search_fields = ("source",)
    ordering = ("-day",)
