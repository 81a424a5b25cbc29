"""What the auditor reads of the review desk: remarks, joint opinions, prepared decisions, copies, deliveries.

Nothing is written here. What a desk has only prepared stays its own until it is sent, made or dropped;
numbers and addresses of persons stay covered.
"""

import re

from django.contrib import admin
from django.db.models import OuterRef, Q
from django.db.models.fields.json import KT

from portal import opinions, prepared, remarks
from portal.admin.audit import MASK, ReadOnly
from portal.admin.base import site
from portal.models import (
    Copy,
    Delivery,
    FilingVersion,
    JointOpinion,
    MessagePreference,
    PreparedDecision,
    Remark,
)

_REACHABLE = re.compile(r"[^\s@<>]+@[^\s@<>]+|(?<!\d)1[3-9]\d{9}(?!\d)")


class OfFiling(ReadOnly):
    """Rows about a filing, which is called by the title it was last submitted under."""

    list_select_related = ("filing",)

    def get_queryset(self, request):
        """Return the rows with that title, which alone the auditor reads."""
        versions = FilingVersion.objects.filter(filing=OuterRef("filing")).order_by("-number")
        return super().get_queryset(request).annotate(title=versions.values_list(KT("snapshot__title"))[:1])

    @admin.display(description="填报")
    def about(self, row):
        """Return the title of the filing as it was last submitted."""
        return row.title or f"（未提交的{row.filing.record_type}）"

    def render_change_form(self, request, context, *args, **kwargs):
        """Name the page of a row by its filing, not by the names of the code."""
        context["subtitle"] = self.about(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(Remark, site=site)
class RemarkAdmin(OfFiling):
    """What a desk asked of a filer with a return, what he answered, when it was settled."""

    list_display = ("about", "version", "label", "level", "by", "issued_at", "answered_at", "closed_at")
    fields = ("about", "version", "label", "level", "text", "by", "created_at", "issued_at")
    fields += ("answer", "answered_at", "answered_in", "closed_at")
    list_filter = ("level", ("issued_at", admin.DateFieldListFilter))
    list_select_related = ("filing", "by")
    search_fields = ("by__full_name", "by__username", "title")
    ordering = ("-issued_at", "-pk")

    def get_queryset(self, request):
        """Return those that were sent."""
        return super().get_queryset(request).filter(issued_at__isnull=False)

    @admin.display(description="栏目")
    def label(self, remark):
        """Return the field by its name on the form."""
        return remarks.anchors(remark.filing.record_type).get(remark.field, remark.field)

    @admin.display(description="答复")
    def answer(self, remark):
        """Return the answer once it was submitted; until then it is the bureau's draft."""
        return remark.reply if remark.answered_at else ""


@admin.register(JointOpinion, site=site)
class JointOpinionAdmin(OfFiling):
    """What joint departments were asked and what they answered."""

    list_display = ("about", "version", "organisation", "due_on", "asked_by", "asked_at", "standing")
    list_display += ("answered_by", "answered_at")
    fields = ("about", "version", "organisation", "question", "due_on", "asked_by", "asked_at")
    fields += ("standing", "opinion", "answered_by", "answered_at", "withdrawn_at")
    list_filter = ("conclusion", ("asked_at", admin.DateFieldListFilter))
    list_select_related = ("filing", "organisation__region", "asked_by", "answered_by")
    search_fields = ("asked_by__full_name", "answered_by__full_name", "organisation__name", "title")
    ordering = ("-asked_at", "-pk")

    @admin.display(description="答复")
    def standing(self, opinion):
        """Return the answer in a word, or why there is none."""
        return opinions.Line(opinion, opinion.due_on).word


@admin.register(PreparedDecision, site=site)
class PreparedDecisionAdmin(OfFiling):
    """Decisions that were written before they were made, once they were made or dropped."""

    list_display = ("about", "version", "level", "word", "by", "created_at", "released_by", "released_at")
    list_display += ("dropped_at",)
    fields = ("about", "version", "level", "word", "comment", "by", "created_at")
    fields += ("released_by", "released_at", "dropped_at")
    list_filter = ("level", ("created_at", admin.DateFieldListFilter))
    list_select_related = ("filing__organisation__region", "by", "released_by")
    search_fields = ("by__full_name", "released_by__full_name", "title")
    ordering = ("-created_at", "-pk")

    def get_queryset(self, request):
        """Return those that are settled; what is only prepared is seen by its desk alone."""
        settled = Q(released_at__isnull=False) | Q(dropped_at__isnull=False)
        return super().get_queryset(request).filter(settled)

    @admin.display(description="结论")
    def word(self, row):
        """Return the act in the words of the filing's own route."""
        return prepared.words_of(row.action, row.filing)


@admin.register(Copy, site=site)
class CopyAdmin(OfFiling):
    """Who was shown which filing for his information, by whom, and whether he looked."""

    list_display = fields = ("about", "user", "by", "note", "at", "read_at")
    list_filter = (("at", admin.DateFieldListFilter),)
    list_select_related = ("filing", "user", "by")
    search_fields = ("user__full_name", "by__full_name", "title")
    ordering = ("-at", "-pk")


@admin.register(Delivery, site=site)
class DeliveryAdmin(ReadOnly):
    """What left the house by mail or as a text message, or did not and why; never to which address."""

    list_display = ("user", "channel", "about", "created_at", "taken_at", "sent_at", "failed_at")
    fields = (*list_display, "why")
    list_filter = ("channel", ("created_at", admin.DateFieldListFilter))
    list_select_related = ("user", "message")
    search_fields = ("user__full_name", "user__username")
    ordering = ("-created_at", "-pk")

    @admin.display(description="内容")
    def about(self, delivery):
        """Return what kind of message it was, or the day that was told of at once."""
        return delivery.message.get_topic_display() if delivery.message else f"{delivery.day} 汇总"

    @admin.display(description="未发出的原因")
    def why(self, delivery):
        """Return why it was not sent, without the address a mail server may name in it."""
        return _REACHABLE.sub(MASK, delivery.reason)


@admin.register(MessagePreference, site=site)
class MessagePreferenceAdmin(ReadOnly):
    """How a person wants to be told; that there is a number, not which."""

    list_display = fields = ("user", "mail", "texts", "has_phone")
    list_filter = ("mail", "texts")
    list_select_related = ("user",)
    search_fields = ("user__full_name", "user__username")
    ordering = ("user",)

    @admin.display(description="手机号", boolean=True)
    def has_phone(self, preference):
        """Say whether a number is known."""
        return bool(preference.phone)
