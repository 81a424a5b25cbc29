"""The numbers of the notices: changed when a notice changes them; the log keeps what they were before."""

from django import forms
from django.contrib import admin

from portal.admin.base import ByPost, site
from portal.gauges import cited
from portal.models import Operator, PolicyTarget
from portal.targets import counters, demand
from portal.vocabulary import Role


class TargetForm(forms.ModelForm):
    """Both ends where a number lies between two, one otherwise."""

    def clean_number(self):
        """Refuse nothing as a target."""
        number = self.cleaned_data["number"]
        if not number:
            raise forms.ValidationError("数值至少为 1。")
        return number

    def clean(self):
        """Refuse an upper end that is missing, too low, or of no use."""
        given = super().clean()
        number, most = given.get("number"), given.get("most")
        if self.instance.operator == Operator.BETWEEN:
            if number is not None and (most is None or most < number):
                self.add_error("most", "“介于”要填写上限，并且不小于数值。")
        elif most is not None:
            self.add_error("most", f"“{self.instance.get_operator_display()}”不填上限。")
        return given


@admin.register(PolicyTarget, site=site)
class PolicyTargetAdmin(ByPost):
    """Targets: set by the publisher of the province or the system administrator, with the document.

    What is changed here stays so when the reference data is loaded again (``reference.load``).
    """

    form = TargetForm
    viewers, editors = (Role.AUDITOR,), (Role.PUBLISHER, Role.SYSTEM_ADMIN)
    fixed = ("slug", "label", "unit", "operator", "scope", "order")
    fields = (*fixed[:5], "number", "most", "due_on", "document_number", "clause", "sentence", "order")
    list_display = ("label", "demanded", "due", "document_number", "cited")
    search_fields = ("label", "document_number")
    ordering = ("order", "slug")

    def has_add_permission(self, request):
        """Say no: a target without its counter would be a number that nothing is held against."""
        return False

    @admin.display(description="要求")
    def demanded(self, target):
        """Return what is asked for in words."""
        return demand(target)

    @admin.display(description="完成期限", ordering="due_on")
    def due(self, target):
        """Return the due day, without its year where the target is counted by the year."""
        counter = counters.get(target.slug)
        if target.due_on and counter and counter.years:
            return f"每年 {target.due_on:%m-%d}"
        return target.due_on

    @admin.display(description="条款", ordering="clause")
    def cited(self, target):
        """Return the clause as the pages write it."""
        return cited(target)

    def construct_change_message(self, request, form, formsets, add=False):
        """Return what each field was and is now."""
        changes = [
            f"{form.fields[name].label}：{form.initial.get(name)} → {form.cleaned_data[name]}"
            for name in form.changed_data
        ]
        return "；".join(changes).replace("None", "空") or "没有改动"
