"""Writing drafts: the only place that stores what a filer types; the rest goes through the workflow."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from portal import scope, text
from portal.models import Filing, Organisation, User
from portal.registry import CITY, RecordType
from portal.vocabulary import Level
from portal.workflow import Conflict, Refused, as_refusal


def filing_organisations(user: User, record_type: RecordType) -> list[Organisation]:
    """Return the bureaus ``user`` may file this type for; the province files none that end at the city."""
    bureaus = [m.organisation for m in user.posts if scope.files_for(user, m.organisation_id)]
    barred = (Level.PROVINCE,) if record_type.route == CITY else ()
    return list({o.pk: o for o in bureaus if o.is_hrss and o.region.level not in barred}.values())


@transaction.atomic
def create(
    record_type: RecordType,
    *,
    by: User,
    organisation: Organisation | None = None,
    values: Mapping[str, Any] | None = None,
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    **facts: Any,
) -> Filing:
    """Return a new draft of ``by``'s bureau; ``facts``: ``is_demo``, ``source``, ``amends``, ``holds_name``.

    Raises ``Refused`` when no bureau of his files this type or the bureau holds the name already.
    """
    allowed = filing_organisations(by, record_type)
    organisation = organisation or (allowed[0] if allowed else None)
    if organisation is None or organisation.pk not in {o.pk for o in allowed}:
        raise Refused(f"您没有为这个单位填报{record_type.label}的岗位。")
    record = record_type.model(organisation=organisation, region=organisation.region, created_by=by, **facts)
    _store(record, values or {}, rows or {})
    return record


@transaction.atomic
def save(
    record: Filing,
    *,
    by: User,
    revision: int,
    values: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Filing:
    """Store changed fields and whole sets of child rows of a draft read at ``revision``.

    Raises ``Conflict`` when somebody wrote since, ``Refused`` when it is not ``by``'s to edit or the name is
    taken.
    """
    if not scope.files_for(by, record.organisation_id):
        raise Refused("只有填报单位的填报岗位可以修改。")
    if not record.is_editable:
        raise Refused("已提交的内容不能修改，须先撤回或由审核单位退回。")
    swap = Filing.objects.filter(pk=record.pk, state=record.state, version=record.version, revision=revision)
    now = timezone.now()
    if not swap.update(revision=revision + 1, updated_at=now):
        raise Conflict(Filing.objects.get(pk=record.pk))
    record.revision, record.updated_at = revision + 1, now
    _store(record, values, rows or {})
    return record


def _store(
    record: Filing, values: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    many = {name for name in values if record._meta.get_field(name).many_to_many}
    for name in values.keys() - many:
        setattr(record, name, values[name])
    try:
        with transaction.atomic():
            record.save(update_fields=_written(record) if record.pk else None)
    except IntegrityError as error:
        raise as_refusal(error) from None
    for name in many:
        getattr(record, name).set(values[name])
    for name, wanted in rows.items():
        _replace_rows(record, name, wanted)


def _written(record: Filing) -> list[str]:
    """The columns a draft may change; the state and its evidence are never among them."""
    own = [name for name in record.record_type.fields if not record._meta.get_field(name).many_to_many]
    return [*own, "title", "explanation", "revision", "updated_at"]


def _replace_rows(record: Filing, name: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    relation = record._meta.get_field(name)
    model: type[models.Model] = relation.related_model
    getattr(record, name).all().delete()
    try:
        with transaction.atomic():
            model.objects.bulk_create(
                [model(**{relation.field.name: record}, **_clean(row)) for row in wanted]
            )
    except IntegrityError as error:
        raise _twice(model, error) from None
    getattr(record, "_prefetched_objects_cache", {}).pop(name, None)


def _clean(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: text.clean(value) if isinstance(value, str) else value for name, value in row.items()}


def _twice(model: type[models.Model], error: IntegrityError) -> Exception:
    """Return ``Refused`` with the sentence of the constraint that two rows broke, else the error itself."""
    for constraint in model._meta.constraints:
        columns = [f"{model._meta.db_table}.{model._meta.get_field(f).column}" for f in constraint.fields]
        if constraint.name in str(error) or ", ".join(columns) in str(error):
            return Refused(f"{model._meta.verbose_name_plural}：{constraint.violation_error_message}")
    return error
