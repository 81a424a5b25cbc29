"""Filings that came back with remarks, and what could be changed in them: for tests of the return."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import models

from portal import drafts, remarks, snapshot
from portal.grounds import NOTHING_SAID, Grounds
from portal.models import ChoiceListField, Filing, Remark, User
from portal.vocabulary import State
from tests import factories

SAID = "请核对后补充（演示意见）。"


def desk_user(filing: Filing) -> User:
    """Return the reviewer of the desk at which a filing lies."""
    at_province = filing.state == State.PROVINCE_REVIEW
    return factories.reviewer("37" if at_province else filing.region_id[:4])


def remark(filing: Filing, name: str, said: str = SAID) -> Remark:
    """Return a remark on one name, prepared by the desk at which the filing lies."""
    current = Filing.objects.get(pk=filing.pk)
    return remarks.write(current, name, said, by=desk_user(current), version=current.version)


def send_back(filing: Filing, *names: str, grounds: Grounds = NOTHING_SAID) -> Filing:
    """Return the filing as its desk returned it, with a remark on each of the names."""
    for name in names:
        remark(filing, name)
    current = Filing.objects.get(pk=filing.pk)
    return factories.act(current, "return", desk_user(current), comment=factories.COMMENT, grounds=grounds)


def returned(kind: str, *names: str, place: str = factories.WEIFANG, **changes: Any) -> Filing:
    """Return a filing of one type that its first desk returned with a remark on each of the names."""
    return send_back(factories.submitted(kind, place=place, **changes), *names)


def answer(filing: Filing, said: str = "已补充（演示答复）。", **values: Any) -> Filing:
    """Answer all open remarks of a returned filing, storing ``values`` as well, and return it."""
    record = Filing.objects.get(pk=filing.pk).record
    replies = {found.pk: said for found in record.remarks.open()}
    by = factories.filer(record.region_id)
    return drafts.save(record, by=by, revision=record.revision, values=values, replies=replies)


def resubmitted(filing: Filing, **values: Any) -> Filing:
    """Return the filing with its open remarks answered and submitted again."""
    return factories.act(answer(filing, **values), "submit", factories.filer(filing.region_id))


def stored_values(record: Filing) -> dict[str, Any]:
    """Return what ``drafts.save`` would take to leave every field as it is."""
    many = {name for name in record.record_type.fields if record._meta.get_field(name).many_to_many}
    return {
        name: snapshot.related(record, name) if name in many else getattr(record, name)
        for name in record.record_type.fields
    }


def another(record: models.Model, name: str) -> Any:
    """Return another value of a field than the one it holds, as ``drafts.save`` takes it."""
    column = record._meta.get_field(name)
    if column.many_to_many:
        held = set(snapshot.related(record, name))
        return [] if held else [column.related_model.objects.first()]
    value = getattr(record, name)
    if column.is_relation:
        return None if value else column.related_model.objects.first()
    if isinstance(column, ChoiceListField):
        codes = [code for code, _ in column.options]
        return [code for code in codes if code not in value] or codes[:1]
    if column.choices:
        return next(code for code, _ in column.flatchoices if code != value)
    return _next(column, value)


def _next(column: models.Field, value: Any) -> Any:
    if isinstance(column, models.BooleanField):
        return not value
    if isinstance(column, models.DateField):
        return (value or date(2024, 1, 1)) + timedelta(days=1)
    if isinstance(column, models.DecimalField):
        return (value or Decimal(0)) + Decimal("0.5")
    if isinstance(column, models.IntegerField):
        return (value or 0) + 1
    return f"{value}（改）"
