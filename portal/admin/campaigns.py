"""Campaigns as the auditor reads them: the windows, the extensions with their reasons, the reminders.

Nothing is written here: the province opens, extends and reminds at the workbench (``portal.campaigns``).
"""

from django.contrib import admin

from portal.admin.audit import ReadOnly
from portal.admin.base import site
from portal.models import Campaign, Extension, Reminder


@admin.register(Campaign, site=site)
class CampaignAdmin(ReadOnly):
    """Which notice asked whom for what by when; who opened and closed it stands in the log."""

    list_display = ("name", "kind", "document_number", "clause", "opens_at", "due_at", "expects", "closed_at")
    list_filter = ("expects", ("due_at", admin.DateFieldListFilter))
    search_fields = ("name", "document_number")
    ordering = ("-due_at", "-pk")


class OfDuty(ReadOnly):
    """What was done for one bureau."""

    list_select_related = ("duty__organisation", "duty__campaign")
    search_fields = ("duty__organisation__name", "duty__campaign__name")


@admin.register(Extension, site=site)
class ExtensionAdmin(OfDuty):
    """Who gave whom more time, and why."""

    list_display = ("granted_at", "duty", "until", "reason", "granted_by")
    list_select_related = (*OfDuty.list_select_related, "granted_by")
    ordering = ("-granted_at", "-pk")


@admin.register(Reminder, site=site)
class ReminderAdmin(OfDuty):
    """Who was reminded when; without a person it was the daily task."""

    list_display = ("at", "duty", "by", "days_before")
    list_select_related = (*OfDuty.list_select_related, "by")
    ordering = ("-at", "-pk")
