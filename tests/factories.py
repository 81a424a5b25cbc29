"""Factories: people at their posts, and filings that walked the road: no test starts from what cannot be.

``filing("skill-brands", State.APPROVED, place="370705")`` is submitted, endorsed and approved by real people.
"""

import json
from datetime import date
from pathlib import Path

from django.core.files.base import ContentFile

from portal import attachments, catalogue, drafts, queue, registry, workflow
from portal.examples import example_draft, example_files, related_titles
from portal.models import Attachment, CatalogueEntry, Filing, Membership, Organisation, User
from portal.registry import CITY, MERGED, RecordType
from portal.vocabulary import Kind, Role, State
from tests.retracing import retraced

PROVINCE, WEIFANG, KUIWEN = "37", "3707", "370705"
PASSWORD = "correct horse battery staple"
DOCUMENT = "演示文〔2024〕1号"
COMMENT = "请补充从业人员人数的统计时间。"
_MAY_BE: set[tuple[str, str]] = set()  # (role, kind of organisation) that a person may hold alone
# (record type, slot, example) → its row and its copy for display, as the portal measured and made them
_MEASURED: dict[tuple[str, str, Path], tuple[Attachment, bytes]] = {}


def bureau(place: str, kind: str = Kind.HRSS_BUREAU) -> Organisation:
    """Return the organisation of one kind in the region ``place``."""
    return Organisation.objects.current().get(region_id=place, kind=kind)


@retraced
def person(role: str, place: str = PROVINCE, kind: str = Kind.HRSS_BUREAU, name: str = "") -> User:
    """Return the person who holds ``role`` in that organisation; ``name`` tells a second one from the first.

    Each call reads anew, as each request does, so that the posts held are those of now.
    """
    username = name or f"{role}_{kind}_{place}"
    found = User.objects.filter(username=username).first()
    return found or _appointed(username, role, place, kind)


def _appointed(username: str, role: str, place: str, kind: str) -> User:
    """Return a new person at a first post; whether such a post may be is asked once a kind."""
    user = User(username=username, full_name=f"演示{username[:20]}", must_change_password=False)
    user.set_password(PASSWORD)
    user.save()
    post = Membership(user=user, organisation=bureau(place, kind), role=role)
    if (role, kind) not in _MAY_BE:
        post.full_clean()
        _MAY_BE.add((role, kind))
    post.save()
    return User.objects.get(pk=user.pk)


def add_post(user: User, role: str, place: str, kind: str = Kind.HRSS_BUREAU) -> Membership:
    """Give ``user`` one more post; fetch the person again afterwards, for posts are read once."""
    post = Membership(user=user, organisation=bureau(place, kind), role=role)
    post.full_clean()
    post.save()
    return post


def filer(place: str = WEIFANG, name: str = "") -> User:
    """Return the 填报 post of a bureau."""
    return person(Role.FILER, place, name=name)


def reviewer(place: str = WEIFANG, name: str = "") -> User:
    """Return the 审核 post of a bureau: of a city, or of the province for ``37``."""
    return person(Role.REVIEWER, place, name=name)


def approver(place: str = PROVINCE) -> User:
    """Return the 审批 post of a bureau."""
    return person(Role.APPROVER, place)


def publisher(place: str = PROVINCE) -> User:
    """Return the 发布 post of a bureau."""
    return person(Role.PUBLISHER, place)


def joint(place: str = PROVINCE, kind: str = Kind.AGRICULTURE) -> User:
    """Return the 会商 post of a joint department."""
    return person(Role.JOINT_REVIEWER, place, kind)


def auditor() -> User:
    """Return the auditor of the province."""
    return person(Role.AUDITOR)


def sysadmin() -> User:
    """Return the system administrator."""
    return person(Role.SYSTEM_ADMIN)


def secadmin() -> User:
    """Return the security administrator."""
    return person(Role.SECURITY_ADMIN)


def stranger() -> User:
    """Return somebody who can sign in and holds no post."""
    found = User.objects.filter(username="stranger").first()
    return found or User.objects.create_user("stranger", password=PASSWORD, must_change_password=False)


@retraced
def act(filing: Filing, action: str, by: User, **arguments) -> Filing:
    """Do one action on the version as it is now and return the filing as it is then."""
    current = Filing.objects.get(pk=filing.pk)
    workflow.perform(current, action, by=by, version=current.version, **arguments)
    return current.record


@retraced
def draft(
    record_type: RecordType | str, *, place: str = WEIFANG, by: User | None = None, **changes
) -> Filing:
    """Return a draft made from the type's example with ``changes`` and the files it needs.

    What it refers to is published first.
    """
    record_type = registry.get(record_type) if isinstance(record_type, str) else record_type
    key = record_type.key[0]
    if key == "name" and "name" not in changes:
        changes["name"] = free_name(record_type, place)
    if key == "year" and "year" not in changes:
        changes = in_free_year(record_type, place) | changes
    publish_related(record_type, {**record_type.example, **changes})
    values, rows = example_draft(record_type, **changes)
    by = by or filer(place)
    record = drafts.create(record_type, by=by, organisation=bureau(place), values=values, rows=rows)
    return attached(record, by)


def attached(record: Filing, by: User) -> Filing:
    """Return a draft with the files without which it could not be submitted."""
    for slot, path in example_files(record.record_type):
        place = (record.kind, slot, path)
        if place in _MEASURED:
            _attach_again(record, path, by, *_MEASURED[place])
            continue
        with path.open("rb") as file:
            row = attachments.add(record, slot, file, path.name, by=by)
        _MEASURED[place] = row, row.display.read() if row.display else b""
    return record


def _attach_again(record: Filing, path: Path, by: User, first: Attachment, display: bytes) -> None:
    """Add a file as it was added before: a process of its own measured it then, once in a run is enough."""
    own = {"id", "file", "display", "filing_id", "uploaded_by_id", "uploaded_at"}
    kept = {
        c.attname: getattr(first, c.attname) for c in Attachment._meta.concrete_fields if c.attname not in own
    }
    row = Attachment(filing_id=record.pk, uploaded_by=by, **kept)
    row.file.save(path.name, ContentFile(path.read_bytes()), save=False)
    if display:
        row.display.save(path.name, ContentFile(display), save=False)
    row.save(force_insert=True)
    Filing.objects.filter(pk=record.pk).update(updated_at=row.uploaded_at)


def free_name(record_type: RecordType, place: str) -> str:
    """Return the example's name, numbered from the second filing of a bureau on."""
    name = record_type.example["name"]
    taken = Filing.objects.filter(kind=record_type.slug, region_id=place, title__startswith=name).count()
    return f"{name}{taken + 1}" if taken else name


def in_free_year(record_type: RecordType, place: str) -> dict:
    """Return the example with its dates moved into the latest year that the bureau has no filing of."""
    example = record_type.example
    taken = record_type.model.objects.filter(region_id=place).values_list("year", flat=True)
    year = next(year for year in range(example["year"], 0, -1) if year not in taken)
    return json.loads(json.dumps(example, ensure_ascii=False).replace(str(example["year"]), str(year)))


def publish_related(record_type: RecordType, data: dict) -> None:
    """Publish every filing that ``data`` names and the catalogue lacks."""
    for model, titles in related_titles(record_type, data).items():
        held = model.objects.in_force().filter(title__in=titles).values_list("title", flat=True)
        for title in sorted(titles - set(held)):
            entry(model.record_type, **{model.record_type.key[0]: title})


@retraced
def filing(
    record_type: RecordType | str, state: str = State.DRAFT, *, place: str = WEIFANG, **changes
) -> Filing:
    """Return a filing of the bureau at ``place`` that walked to ``state`` through real hands."""
    record = draft(record_type, place=place, **changes)
    for action, by, arguments in road(record, state):
        record = act(record, action, by, **arguments)
    return record


@retraced
def submitted(record_type: RecordType | str, *, place: str = WEIFANG, **changes) -> Filing:
    """Return a filing that waits for its first review."""
    first = State.PROVINCE_REVIEW if place == PROVINCE else State.CITY_REVIEW
    return filing(record_type, first, place=place, **changes)


@retraced
def approved(record_type: RecordType | str, *, place: str = WEIFANG, **changes) -> Filing:
    """Return a filing that is approved and waits for publication."""
    return filing(record_type, State.APPROVED, place=place, **changes)


def road(record: Filing, state: str) -> list[tuple[str, User, dict]]:
    """Return the steps (action, who, arguments) from a draft to ``state``."""
    place, said = record.region_id, {"comment": COMMENT}
    submit = ("submit", filer(place), {})
    endorse = [] if place == PROVINCE else [("endorse", reviewer(place[:4]), {})]
    desk = reviewer(PROVINCE if place == PROVINCE else place[:4])
    ends_here = record.route in (CITY, MERGED)
    decide = [("approve", desk, {})] if ends_here else [*endorse, ("approve", approver(), {})]
    return {
        State.DRAFT: [],
        State.CITY_REVIEW: [submit],
        State.PROVINCE_REVIEW: [submit, *endorse],
        State.RETURNED: [submit, ("return", desk, said)],
        State.APPROVED: [submit, *decide],
        State.REJECTED: [submit, *endorse, ("reject", approver(), said)],
        State.CANCELLED: [("cancel", filer(place), {})],
    }[state]


def publish(record: Filing, **arguments) -> CatalogueEntry:
    """Publish an approved filing as the province's publisher and return its entry."""
    return catalogue.publish(record, by=publisher(), **{"document_number": DOCUMENT, **arguments})


@retraced
def entry(
    record_type: RecordType | str, *, place: str = WEIFANG, on: date | None = None, level: str = "", **changes
) -> CatalogueEntry:
    """Return the entry of a filing that walked the whole road; ``changes`` are fields of the type."""
    return publish(approved(record_type, place=place, **changes), on=on, level=level)


@retraced
def settled(record_type: RecordType | str, *, place: str = WEIFANG, **changes) -> Filing:
    """Return a filing that went as far as its type goes: published, or approved where none is."""
    record = approved(record_type, place=place, **changes)
    if record.record_type.is_catalogued:
        publish(record)
    return record


def sign_in(client, user: User) -> None:
    """Sign ``user`` in on a test client by his session, without the page."""
    client.force_login(user)


def beside(user: User, wish: queue.Wish, pk: int) -> queue.Neighbours:
    """Return what stands beside a filing in the order of a wish, as its page asks for it."""
    seen = Filing.objects.visible_to(user).filter(pk=pk)
    return queue.neighbours(user, wish, queue.placed(seen, wish, user).first())
