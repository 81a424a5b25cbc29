"""What a new edition changes: taken from a sheet or added one by one, and whether the catalogue still fits.

The only writer of ``EditionChange``. New and changed text is always a filing: a draft of the bureau whose
catalogue it is, or one of another bureau that was approved and waits for publication.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal import drafts, registry, text, workflow
from portal.catalogue import COMING
from portal.differences import catalogue_of
from portal.edition_policy import bureau_of
from portal.models import CatalogueEntry, Edition, EditionChange, Filing, User
from portal.scope import within
from portal.vocabulary import EDITABLE, ENDED, ChangeVerb, State
from portal.workflow import Conflict, Invalid, Refused

NOT_YOURS = "只有目录所在单位的填报岗位可以编制新版。"
SENT = "这一版已送审或已结束，不能再改；须先由审定岗位退回。"
NO_REASON = "请写明理由，公布后要据此答复查询。"
TWICE = "这一条在本版中已有一项变化，请先去掉原来的那一项。"
LONGEST_REASON = 200

Item = TypeVar("Item")
Progress = Callable[[int, int, str], None]  # parts done, parts in all, in which step


def unheard(done: int, total: int, step: str) -> None:
    """Be the progress of an act that nobody watches."""


def told(items: Sequence[Item], progress: Progress, step: str) -> Iterator[Item]:
    """Yield the items, and tell of each that it is done."""
    for number, item in enumerate(items, 1):
        yield item
        progress(number, len(items), step)


@dataclass
class Line:
    """One project as a sheet proposes it, beside the ``entry`` in force it stands for (None: it is new).

    ``values`` and ``rows`` are what a draft takes, ``differs`` are (label, words before, words after),
    ``goes`` says that it leaves, ``merged`` are the entries that go into it.
    """

    place: str
    title: str
    entry: CatalogueEntry | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    differs: list[tuple[str, str, str]] = field(default_factory=list)
    goes: bool = False
    merged: list[CatalogueEntry] = field(default_factory=list)
    reason: str = ""

    @property
    def verb(self) -> str:
        """What the edition does with it; empty when it stays as it is."""
        if self.goes:
            return ChangeVerb.REMOVED
        if self.entry is None:
            return ChangeVerb.ADDED
        return verb_of(self.entry, self.title) if self.differs else ""


def verb_of(entry: CatalogueEntry, title: str) -> str:
    """Return 更名 or 调整 for a new text of ``entry`` that is called ``title``."""
    same = text.key(title) == text.key(entry.title)
    return ChangeVerb.ADJUSTED if same else ChangeVerb.RENAMED


def in_work(edition: Edition, by: User) -> Edition:
    """Return the edition, held until the transaction ends; ``Refused`` unless ``by`` may change it now."""
    current = Edition.objects.select_for_update().get(pk=edition.pk)
    if bureau_of(current, by) is None:
        raise Refused(NOT_YOURS)
    if current.proposed_at or current.published_at or current.abandoned_at:
        raise Refused(SENT)
    return current


@transaction.atomic
def take(edition: Edition, lines: Sequence[Line], *, by: User, progress: Progress = unheard) -> Edition:
    """Let the changes of ``lines`` stand in place of all earlier ones; drafts are made of what is new.

    Raises ``Refused`` with the row in its sentence; nothing is stored then.
    """
    current = in_work(edition, by)
    clear(current, by, progress)
    for line in told(lines, progress, "写入草稿"):
        try:
            _take(current, line, by)
        except Refused as refusal:
            raise Refused(f"{line.place}“{line.title}”：{refusal}没有导入任何内容。") from None
    return current


def _take(edition: Edition, line: Line, by: User) -> None:
    filing = line.entry.filing if line.entry else None
    if line.verb == ChangeVerb.REMOVED:
        _add(edition, line.verb, entry=line.entry, reason=_reason(line.reason))
        return
    if line.verb:
        filing = _written(edition, line, by)
        _add(edition, line.verb, entry=line.entry, filing=filing, reason=line.reason)
    for entry in line.merged:
        _add(edition, ChangeVerb.MERGED, entry=_in_force(edition, entry), filing=filing, reason=line.reason)


def _written(edition: Edition, line: Line, by: User) -> Filing:
    """Return the draft that holds the text of a line."""
    if line.entry is None:
        return _new(edition, by, values=line.values, rows=line.rows)
    draft = _amendment(edition, line.entry, by)
    return drafts.save(draft, by=by, revision=draft.revision, values=line.values, rows=line.rows)


def _new(edition: Edition, by: User, **content: Any) -> Filing:
    record_type = registry.get(edition.kind)
    facts = {"organisation": bureau_of(edition, by), "campaign": None, "is_demo": edition.is_demo}
    return drafts.create(record_type, by=by, **facts, **content)


def _amendment(edition: Edition, entry: CatalogueEntry, by: User) -> Filing:
    current = _in_force(edition, entry)
    return drafts.copy(current.filing, by=by, organisation=bureau_of(edition, by), edition=edition)


def _in_force(edition: Edition, entry: CatalogueEntry) -> CatalogueEntry:
    """Return the entry as it is now; ``Refused`` when it left the catalogue of the edition."""
    inside = CatalogueEntry.objects.in_force().filter(within("region_id", edition.region_id))
    found = inside.filter(pk=entry.pk, kind=edition.kind).select_related("filing__organisation").first()
    if found is None:
        raise Refused(f"{entry.code} 已不在现行目录中，请按现行目录重新核对。")
    return found


def _add(edition: Edition, verb: str, **facts: Any) -> EditionChange:
    change = EditionChange(edition=edition, verb=verb, **facts)
    try:
        with transaction.atomic():
            change.save(force_insert=True)
    except IntegrityError:
        raise Refused(TWICE) from None
    return change


def _reason(said: str) -> str:
    reason = text.clean(said)
    if not reason:
        raise Refused(NO_REASON)
    if too_long := text.too_long("理由", reason, LONGEST_REASON):
        raise Refused(too_long)
    return reason


@transaction.atomic
def begin(edition: Edition, *, by: User) -> EditionChange:
    """Add a new project (新增): an empty draft, to be filled in on its own page."""
    current = in_work(edition, by)
    return _add(current, ChangeVerb.ADDED, filing=_new(current, by))


@transaction.atomic
def amend(edition: Edition, entry: CatalogueEntry, *, by: User) -> EditionChange:
    """Add a change of an entry (调整, 更名): a draft with the text in force, whichever bureau filed it."""
    current = in_work(edition, by)
    return _add(current, ChangeVerb.ADJUSTED, entry=entry, filing=_amendment(current, entry, by))


@transaction.atomic
def add_filing(edition: Edition, filing: Filing, *, by: User) -> EditionChange:
    """Add an approved filing that waits to be published; one that amends what is in force is 调整 or 更名."""
    current = in_work(edition, by)
    found = waiting(current, by).filter(pk=filing.pk).first()
    if found is None:
        raise Refused("只能列入已审核通过、尚未公布、也没有列入新版的填报。")
    entry = CatalogueEntry.objects.in_force().filter(filing_id=found.amends_id).first()
    verb = verb_of(entry, found.title) if entry else ChangeVerb.ADDED
    return _add(current, verb, entry=entry, filing=found)


@transaction.atomic
def take_out(edition: Edition, entry: CatalogueEntry, *, by: User, reason: str) -> EditionChange:
    """Let an entry leave with the edition (移出)."""
    current = in_work(edition, by)
    return _add(current, ChangeVerb.REMOVED, entry=_in_force(current, entry), reason=_reason(reason))


@transaction.atomic
def merge(
    edition: Edition, entry: CatalogueEntry, into: CatalogueEntry | Filing, *, by: User, reason: str = ""
) -> EditionChange:
    """Let an entry go into another (合并): one in force, or a filing that comes with the edition."""
    current = in_work(edition, by)
    found, target = _in_force(current, entry), into
    if isinstance(into, CatalogueEntry):
        change = current.changes.filter(entry=into, verb__in=COMING).select_related("filing").first()
        target = change.filing if change else _in_force(current, into).filing
    elif not current.changes.filter(filing=into, verb__in=COMING).exists():
        raise Refused("要并入的项目不在本版中。")
    if target.pk == found.filing_id or target.amends_id == found.filing_id:
        raise Refused("不能并入自己，请选择另一条。")
    reason = _reason(reason) if reason.strip() else ""
    return _add(current, ChangeVerb.MERGED, entry=found, filing=target, reason=reason)


@transaction.atomic
def drop(change: EditionChange, *, by: User) -> None:
    """Take a change out of the edition; the draft that was made for it is cancelled."""
    current = in_work(change.edition, by)
    into = current.changes.filter(filing_id=change.filing_id, verb=ChangeVerb.MERGED).exclude(pk=change.pk)
    if change.filing_id and change.verb in COMING and into.exists():
        raise Refused("有条目要并入它，请先去掉那几项合并。")
    _cancel([change], by)
    change.delete()


def entry_called(edition: Edition, said: str) -> CatalogueEntry:
    """Return the entry in force with this code or, if it is the only one, this name; else ``Refused``."""
    inside = catalogue_of(edition.kind, edition.region_id).in_force()
    by_code = inside.filter(code=text.digits(said).upper()).first()
    named = list(inside.filter(name_key=text.key(said)[:100])[:2]) if by_code is None else [by_code]
    if len(named) != 1:
        how = "有几个叫" if named else "没有"
        raise Refused(f"现行目录中{how}“{text.clean(said)[:60]}”，请填写目录中的编号。")
    return named[0]


def target_called(edition: Edition, said: str) -> CatalogueEntry | Filing:
    """Return what comes with the edition under this name, else the entry in force; ``Refused`` if neither."""
    coming = edition.changes.filter(verb=ChangeVerb.ADDED).select_related("filing")
    found = (c.filing for c in coming if c.filing.title and text.key(c.filing.title) == text.key(said))
    return next(found, None) or entry_called(edition, said)


def waiting(edition: Edition, by: User) -> QuerySet:
    """Return the approved filings of the catalogue that wait for publication and are in no edition."""
    listed = EditionChange.objects.filter(edition__in=Edition.objects.in_preparation(), filing__isnull=False)
    found = Filing.objects.visible_to(by).filter(within("region_id", edition.region_id), entry=None)
    found = found.filter(kind=edition.kind, state=State.APPROVED, is_nothing=False)
    return found.exclude(pk__in=listed.values("filing_id")).order_by("pk")


def clear(edition: Edition, by: User, progress: Progress = unheard) -> None:
    """Take every change out of the edition. Needs a transaction."""
    changes = list(edition.changes.select_related("filing"))
    _cancel(told(changes, progress, "作废原来的草稿"), by)
    edition.changes.all().delete()


def _cancel(changes: Iterable[EditionChange], by: User) -> None:
    bureau = {post.organisation_id for post in by.posts}
    for filing in (c.filing for c in changes if c.verb in COMING):
        if filing.state in EDITABLE and filing.organisation_id in bureau:
            with naming(filing):
                workflow.perform(filing, "cancel", by=by, version=filing.version)


@contextmanager
def naming(filing: Filing) -> Iterator[None]:
    """Let a refusal name the filing it is about, one by somebody who was faster too."""
    try:
        yield
    except Conflict as overtaken:
        raise Refused(f"《{filing}》：{overtaken}，没有办理，整版保持原样；请刷新后再试。") from None
    except (Refused, Invalid) as refusal:
        said = str(refusal).rstrip("。")
        raise Refused(f"《{filing}》：{said}。没有办理，整版保持原样。") from None


def settle(edition: Edition) -> None:
    """Say of each change of a text whether it is 更名 or 调整, now that the text is final."""
    for change in edition.changes.filter(verb__in=COMING[1:]).select_related("entry", "filing"):
        verb = verb_of(change.entry, change.filing.title)
        if verb != change.verb:
            EditionChange.objects.filter(pk=change.pk).update(verb=verb)


def of(edition: Edition) -> list[EditionChange]:
    """Return the changes with everything a page and the checks look at."""
    rows = edition.changes.select_related(
        "entry__region", "entry__filing", "filing__entry", "filing__organisation__region", "filing__amends"
    )
    return list(rows.order_by("pk"))


def obstacles(edition: Edition, changes: list[EditionChange]) -> Iterator[str]:
    """Yield why the edition cannot be published as it stands: the catalogue moved on, or a filing ended."""
    later = Edition.objects.filter(kind=edition.kind, region=edition.region_id, published_at__isnull=False)
    if fixed := later.filter(on__gte=edition.on).order_by("-on").first():
        yield f"“{fixed}”以 {fixed.on} 为准，本版的日期要晚于这一天。"
    leaving = {c.entry_id for c in changes if c.verb in (ChangeVerb.MERGED, ChangeVerb.REMOVED)}
    coming = {c.filing_id for c in changes if c.verb in COMING}
    for change in changes:
        if change.entry is not None:
            yield from _moved(change.entry, edition)
        if change.verb in COMING:
            yield from _ended(change.filing)
        elif change.verb == ChangeVerb.MERGED and change.filing_id not in coming:
            yield from _target_gone(change, leaving)


def _moved(entry: CatalogueEntry, edition: Edition) -> Iterator[str]:
    name = f"{entry.code}“{entry.title}”"
    if entry.valid_to is not None:
        how = "退出目录" if entry.is_exited else "变更"
        yield f"{name}已于 {entry.valid_to} 由他人{how}，请去掉这一项，按现行目录重新核对。"
    elif entry.valid_from > edition.on:
        yield f"{name}的公布日期（{entry.valid_from}）晚于本版的日期，请推后本版的日期。"


def _ended(filing: Filing) -> Iterator[str]:
    name = f"《{filing}》"
    if getattr(filing, "entry", None) is not None:
        yield f"{name}已单独公布，请从本版去掉。"
    elif filing.state in ENDED:
        yield f"{name}{filing.get_state_display()}，请从本版去掉。"


def _target_gone(change: EditionChange, leaving: set[int]) -> Iterator[str]:
    target = getattr(change.filing, "entry", None)
    if target is None or target.valid_to is not None or target.pk in leaving:
        yield f"{change.entry.code}“{change.entry.title}”要并入的《{change.filing}》不在新版中，请另选一条。"
