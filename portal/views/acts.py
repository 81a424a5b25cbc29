"""What views of acts share: a form that is filled in, asked of the domain, and answered by it."""

from collections.abc import Callable
from typing import TypeVar

from django.forms import BaseForm

from portal.workflow import Refused

Made = TypeVar("Made")


def done(form: BaseForm, act: Callable[[], Made]) -> Made | None:
    """Return what ``act`` returns, None when the form is empty or faulty or the domain refuses it."""
    if not form.is_bound or not form.is_valid():
        return None
    try:
        return act()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
