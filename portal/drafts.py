"""Writing drafts: the only place that stores what a filer types; the rest goes through the workflow."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from portal import attachments, locks, remarks, scope, snapshot, text, windows
from portal.models import Campaign, Edition, Filing, Organisation, Region, User
from portal.registry import RecordType
from portal.vocabulary import ENDED, State
from portal.workflow import Conflict, Refused, as_refusal


def filing_organisations(user: User, record_type: RecordType) -> list[Organisation]:
    """Return the bureaus ``user`` may file this type for: his own, of a level that files it."""
    bureaus = [m.organisation for m in user.posts if scope.files_for(user, m.organisation_id)]
    filing = [o for o in bureaus if o.is_hrss and record_type.is_filed_at(o.region.level)]
    return list({o.pk: o for o in filing}.values())


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
    """Return a new draft of ``by``'s bureau.

    ``facts``: ``is_demo``, ``source``, ``amends``, ``holds_name``, ``is_nothing`` and ``campaign``; without
    the last the draft belongs to the campaign of its type that is due next, if the bureau owes one. What
    amends lies where the amended lies, which may be another bureau's for an ``edition`` in preparation.
    Raises ``Refused`` when no bureau of his files this type or the bureau holds the name already.
    """
    allowed = filing_organisations(by, record_type)
    organisation = organisation or (allowed[0] if allowed else None)
    if organisation is None or organisation.pk not in {o.pk for o in allowed}:
        raise Refused(f"您没有为这个单位填报{record_type.label}的岗位。")
    facts["campaign"] = _campaign(record_type, organisation, facts)
    region = _region(record_type, organisation, facts.get("amends"), facts.pop("edition", None))
    record = record_type.model(organisation=organisation, region=region, created_by=by, **facts)
    _store(record, values or {}, rows or {})
    return record


def _region(
    record_type: RecordType, organisation: Organisation, amended: Filing | None, edition: Edition | None
) -> Region:
    """Return where a new draft lies; only a new edition of a catalogue amends what other bureaus filed."""
    if amended is None:
        return organisation.region
    if amended.organisation_id != organisation.pk and not _is_of(edition, record_type, organisation, amended):
        raise Refused("只能变更本单位填报的条目；编制目录新版时，由该目录所在单位变更。")
    return amended.region


def _is_of(
    edition: Edition | None, record_type: RecordType, organisation: Organisation, amended: Filing
) -> bool:
    """Whether ``organisation`` is preparing the edition of the catalogue that ``amended`` is in."""
    return (
        edition is not None
        and edition.kind == record_type.slug
        and edition.region_id == organisation.region_id
        and amended.region_id.startswith(edition.region_id)
        and edition.proposed_at is edition.published_at is edition.abandoned_at is None
    )


def _campaign(
    record_type: RecordType, organisation: Organisation, facts: Mapping[str, Any]
) -> Campaign | None:
    if "campaign" not in facts:
        return None if facts.get("amends") else windows.current_campaign(record_type.slug, organisation)
    chosen = facts["campaign"]
    if (
        chosen
        and not facts.get("amends")
        and chosen not in windows.open_campaigns(record_type.slug, organisation)
    ):
        raise Refused(f"“{chosen}”不收本单位的{record_type.label}，或尚未开放、已经关闭。")
    if facts.get("is_nothing") and (said := windows.why_not_nothing(chosen, organisation)):
        raise Refused(said)
    return chosen


@transaction.atomic
def copy(filing: Filing, *, by: User, **facts: Any) -> Filing:
    """Return a new draft with the text, rows and files of ``filing`` that is to replace it (变更, 更新).

    ``facts`` as for ``create``; without ``organisation`` it is of the same bureau.
    """
    record = filing.record
    draft = create(
        record.record_type,
        by=by,
        organisation=facts.pop("organisation", record.organisation),
        values={name: _value(record, name) for name in record.record_type.fields},
        rows={name: row_values(record, name) for name in record.record_type.rows},
        amends=filing,
        holds_name=False,
        is_demo=filing.is_demo,
        source="" if filing.registration_id else filing.source,  # what replaces it was filed here
        **facts,
    )
    attachments.copy_all(filing, draft)
    return draft


def _value(record: Filing, name: str) -> Any:
    return (
        snapshot.related(record, name) if record._meta.get_field(name).many_to_many else getattr(record, name)
    )


def row_values(record: Filing, name: str) -> list[dict]:
    """Return the child rows of one kind as ``create`` and ``save`` take them, in one query."""
    fields, model = record.record_type.rows[name], record.record_type.row_model(name)
    related = [field for field in fields if model._meta.get_field(field).is_relation]
    rows = getattr(record, name).order_by("pk")
    found = rows.select_related(*related) if related else rows
    return [{field: getattr(row, field) for field in fields} for row in found]


@transaction.atomic
def update(filing: Filing, *, by: User) -> Filing:
    """Return a new draft that updates an approved return and replaces it once approved itself.

    Open until the campaign's ``updates_until``: 9月底前 each county counts (鲁人社字〔2021〕32号 二（三）).
    Raises ``Filing.DoesNotExist`` out of scope, ``Refused`` with the sentence.
    """
    current = (
        Filing.objects.visible_to(by).select_related("campaign", "organisation__region").get(pk=filing.pk)
    )
    if said := why_not_updated(current, by):
        raise Refused(said)
    return copy(current, by=by, campaign=current.campaign)


def why_not_updated(filing: Filing, by: User) -> str:
    """Return the sentence why ``by`` cannot update this return now, empty when he can."""
    if not scope.files_for(by, filing.organisation_id):
        return "只有填报单位的填报岗位可以更新。"
    if filing.record_type.is_catalogued or filing.state != State.APPROVED or not filing.holds_name:
        return "只有审核通过、且未被新一期替换的报表可以更新。"
    until = filing.campaign.updates_until if filing.campaign_id else None
    if until and windows.is_over(until, timezone.now()):
        return f"更新截止时间（{windows.moment(until)}）已过。"
    if filing.campaign_id and (until is None or filing.campaign.closed_at):
        return f"“{filing.campaign}”不接收更新。"
    if filing.amendments.exclude(state__in=ENDED).filter(holds_name=False).exists():
        return "已有一件更新在办。"
    return ""


@transaction.atomic
def save(
    record: Filing,
    *,
    by: User,
    revision: int,
    values: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    replies: Mapping[int, str] | None = None,
) -> Filing:
    """Store changed fields, whole sets of child rows and answers to remarks of a draft read at ``revision``.

    Raises ``Conflict`` when somebody wrote since, ``Refused`` when it is not ``by``'s to edit, the name is
    taken or something changes that the return did not open.
    """
    if not scope.files_for(by, record.organisation_id):
        raise Refused("只有填报单位的填报岗位可以修改。")
    if not record.is_editable:
        raise Refused("已提交的内容不能修改，须先撤回或由审核单位退回。")
    swap = Filing.objects.filter(pk=record.pk, state=record.state, version=record.version, revision=revision)
    now = timezone.now()
    if not swap.update(revision=revision + 1, updated_at=now):
        raise Conflict(Filing.objects.get(pk=record.pk))
    if record.unlocked is not None:
        made = {name: _made(record, name, wanted) for name, wanted in (rows or {}).items()}
        locks.refuse(record, values, made)
    remarks.reply(record, replies or {})
    record.revision, record.updated_at = revision + 1, now
    _store(record, values, rows or {})
    return record


def _store(
    record: Filing, values: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    many = {name for name in values if record._meta.get_field(name).many_to_many}
    for name in values.keys() - many:
        setattr(record, name, values[name])
    try:  # what is refused here undoes the whole transaction, so that no savepoint is needed
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
    model, made = record.record_type.row_model(name), _made(record, name, wanted)
    getattr(record, name).all().delete()
    try:
        model.objects.bulk_create(made)
    except IntegrityError as error:
        raise _twice(model, error) from None
    getattr(record, "_prefetched_objects_cache", {}).pop(name, None)


def _made(record: Filing, name: str, wanted: Sequence[Mapping[str, Any]]) -> list[models.Model]:
    """Return the child rows as they are going to be stored."""
    relation = record._meta.get_field(name)
    made = [relation.related_model(**{relation.field.name: record}, **_clean(row)) for row in wanted]
    record.settle_rows(made)
    return made


def _clean(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: text.clean(value) if isinstance(value, str) else value for name, value in row.items()}


def _twice(model: type[models.Model], error: IntegrityError) -> Exception:
    """Return ``Refused`` with the sentence of the constraint that two rows broke, else the error itself."""
    unique = [c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    for constraint in unique:
        columns = [f"{model._meta.db_table}.{model._meta.get_field(f).column}" for f in constraint.fields]
        if constraint.name in str(error) or ", ".join(columns) in str(error):
            return Refused(f"{model._meta.verbose_name_plural}：{constraint.violation_error_message}")
    return error
