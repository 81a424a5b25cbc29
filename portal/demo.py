"""Demonstration data: people and filings of ``fixtures/demo.json``, made by walking the workflow.

Nothing is written past ``drafts``, ``workflow`` and ``catalogue``: the data is what real people would leave.
"""

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import module_has_submodule

from portal import (
    attachments,
    catalogue,
    demo_campaigns,
    demo_desk,
    demo_editions,
    demo_imports,
    demo_notices,
    demo_reports,
    demo_reviews,
    demo_rounds,
    drafts,
    examples,
    reference,
    registry,
    workflow,
)
from portal.grounds import NOTHING_SAID, Grounds
from portal.models import Edition, Event, Filing, Membership, Organisation, User
from portal.registry import CITY, MERGED, PROVINCE
from portal.vocabulary import Role

DATA = "demo.json"
SOURCED = {
    "exam-projects": "exam_projects_sourced.csv",
    "labour-brands": "labour_brands_sourced.csv",
}
PASSWORD_FILE, ACCOUNTS_FILE = "demo_password", "demo_accounts.txt"

FILER, CITY_DESK, PROVINCE_DESK = "filer", "city", "province"
_SUBMITTED = (("submit", FILER),)
_ENDORSED = (*_SUBMITTED, ("endorse", CITY_DESK))
_ACCEPTED = (*_ENDORSED, ("accept", PROVINCE_DESK))
_FILED = (*_SUBMITTED, ("accept", CITY_DESK), ("approve", CITY_DESK))
_APPROVED = (*_ACCEPTED, ("approve", PROVINCE_DESK))
_RETURNED = (*_SUBMITTED, ("return", CITY_DESK))

# How far a filing goes: stage → the actions on the way there and the desk that takes each.
ROADS = {
    PROVINCE: {
        "draft": (),
        "submitted": _SUBMITTED,
        "returned": _RETURNED,
        "endorsed": _ENDORSED,
        "accepted": _ACCEPTED,
        "returned_by_province": (*_ACCEPTED, ("return", PROVINCE_DESK)),
        "rejected": (*_ACCEPTED, ("reject", PROVINCE_DESK)),
        "approved": _APPROVED,
        "published": _APPROVED,
    },
    CITY: {
        "draft": (),
        "submitted": _SUBMITTED,
        "returned": _RETURNED,
        "approved": _FILED,
        "published": _FILED,
    },
    MERGED: {"draft": (), "submitted": _SUBMITTED, "returned": _RETURNED, "approved": _FILED},
}


class Incomplete(Exception):
    """The demonstration cannot be built here; the text says what to do."""


@dataclass
class Cast:
    """The people of the demonstration, by sign-in name and by post."""

    by_name: dict[str, User] = field(default_factory=dict)
    by_post: dict[tuple[str, str], User] = field(default_factory=dict)

    def holder(self, role: str, region: str) -> User | None:
        """Return who holds ``role`` at the bureau of ``region``; the first of several."""
        return self.by_post.get((role, region))


def is_built() -> bool:
    """Say whether the demonstration is here: its editions come in the same transaction as the rest."""
    return Edition.objects.filter(is_demo=True).exists()


@transaction.atomic
def build(password: str) -> None:
    """Write the accounts, all with ``password``, the campaigns, the filings in order, the editions."""
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    cast, sources = _people(data["accounts"], password), _sources()
    started = demo_campaigns.start(cast.by_name["province_reviewer"])
    first = {edition["kind"]: edition for edition in data["editions"]}
    for kind, items in groupby(data["filings"], key=itemgetter("type")):
        for item in items:
            values = data["defaults"].get(kind, {}) | item["values"]
            source = sources.get((kind, values.get("name")), "")
            answers = {"campaign": started[item["campaign"]]} if "campaign" in item else {}
            _file(item, values, cast, source=source, **answers)
        # What is filed from here on is filed under the first edition.
        if edition := first.pop(kind, None):
            Edition.objects.create(is_demo=True, published_at=timezone.now(), **edition)
    demo_campaigns.go_on(started, cast.by_name)
    demo_editions.build(cast.by_name)
    demo_notices.build(cast.by_name)
    demo_rounds.build(cast.by_name)
    demo_reviews.build(cast.by_name)
    _build_parts(cast.by_name)
    demo_desk.build(cast.by_name)
    demo_imports.build(cast.by_name)
    demo_reports.build(cast.by_name)


def _build_parts(people: dict[str, User]) -> None:
    """Let each app of record types add what it shows beside its filings: ``demo.build(people)``."""
    for label in sorted({record_type.model._meta.app_label for record_type in registry.all_types()}):
        app = apps.get_app_config(label)
        if module_has_submodule(app.module, "demo"):
            import_module(f"{app.name}.demo").build(people)


def _people(accounts: list[dict], password: str) -> Cast:
    bureaus = {(o.region_id, o.kind): o for o in Organisation.objects.current()}
    cast = Cast()
    for account in accounts:
        bureau = bureaus.get((account["region"], account["kind"]))
        if bureau is None:
            raise Incomplete("还没有区划和单位，请先执行 manage.py load_reference。")
        user = _account(account, password)
        cast.by_name[user.username] = user
        for role in account["roles"]:
            _post(user, bureau, role)
            cast.by_post.setdefault((role, bureau.region_id), user)
    return cast


def _account(account: dict, password: str) -> User:
    if User.objects.filter(username=account["username"]).exists():
        raise Incomplete(f"已有名为 {account['username']} 的账号，演示账号不能覆盖它；没有写入任何数据。")
    return User.objects.create_user(
        account["username"],
        password=password,
        full_name=account["full_name"],
        post=account["post"],
        is_staff=account["is_staff"],
        must_change_password=False,
    )


def _post(user: User, bureau: Organisation, role: str) -> None:
    membership = Membership(user=user, organisation=bureau, role=role)
    membership.full_clean()
    membership.save()


def _sources() -> dict[tuple[str, str], str]:
    """Return (type, name) → where a real name was found; what the demonstration says of it is invented."""
    return {
        (slug, row["name"]): f"名称来源：{row['source_url']}"
        for slug, file_name in SOURCED.items()
        for row in reference.read(reference.FIXTURES / file_name)
    }


def _file(item: dict, values: dict[str, Any], cast: Cast, **facts: Any) -> None:
    record_type, by = registry.get(item["type"]), cast.by_name[item["by"]]
    resolved, rows = examples.resolve(record_type, values)
    record = drafts.create(record_type, by=by, values=resolved, rows=rows, is_demo=True, **facts)
    if item["stage"] != "draft":
        _attach(record, by)
    _walk(record, item, cast)
    if item["stage"] == "published":
        _publish(record, item, cast)
    if "amendment" in item:
        _amend(record, item | item["amendment"], cast)
    if "exit" in item:
        _exit(record, item["exit"], cast)


def _attach(record: Filing, by: User) -> None:
    for slot, path in examples.example_files(record.record_type):
        with path.open("rb") as file:
            attachments.add(record, slot, file, path.name, by=by)


def _walk(record: Filing, item: dict, cast: Cast) -> None:
    for action, desk in ROADS[record.route][item["stage"]]:
        comment = item.get("comment", "") if action in ("return", "reject") else ""
        by, grounds = _actor(record, action, desk, item, cast), NOTHING_SAID
        if action == "return":
            demo_desk.remark(record, item.get("remarks", {}), by)
            grounds = Grounds(reasons=tuple(item.get("reasons", ())))
        _act(record, action, by, comment, grounds)


def _act(record: Filing, action: str, by: User, comment: str, grounds: Grounds) -> Event:
    current = Filing.objects.get(pk=record.pk)
    said = {"comment": comment, "grounds": grounds}
    return workflow.perform(current, action, by=by, version=current.version, **said)


def _actor(record: Filing, action: str, desk: str, item: dict, cast: Cast) -> User:
    if desk == FILER:
        return cast.by_name[item["by"]]
    if desk == CITY_DESK:
        return cast.holder(Role.REVIEWER, record.region_id[:4])
    if action in ("approve", "reject"):
        return cast.by_name[item.get("decided_by", "province_approver")]
    return cast.holder(Role.REVIEWER, record.region_id[:2])


def _publisher(record: Filing, cast: Cast) -> User:
    city = cast.holder(Role.PUBLISHER, record.region_id[:4])
    in_city = record.record_type.route == CITY and city
    return city if in_city else cast.holder(Role.PUBLISHER, record.region_id[:2])


def _publish(record: Filing, item: dict, cast: Cast) -> None:
    catalogue.publish(
        record,
        by=_publisher(record, cast),
        document_number=item["document_number"],
        on=date.fromisoformat(item["on"]),
        level=item.get("level", ""),
    )


def _amend(record: Filing, item: dict, cast: Cast) -> None:
    by = cast.by_name[item["by"]]
    amended = catalogue.amend(record.entry, by=by).record
    values, rows = examples.resolve(amended.record_type, item["values"])
    kept = {name: new for name, new in rows.items() if name in item["values"]}
    drafts.save(amended, by=by, revision=amended.revision, values=values, rows=kept)
    _walk(amended, item, cast)
    _publish(amended, item, cast)


def _exit(record: Filing, item: dict, cast: Cast) -> None:
    catalogue.exit(
        record.entry,
        by=_publisher(record, cast),
        reason=item["reason"],
        document_number=item["document_number"],
        on=date.fromisoformat(item["on"]),
        comment=item["comment"],
    )


def password() -> str:
    """Return PORTAL_DEMO_PASSWORD, else the one in ``var/demo_password``, else a new one; keep it there."""
    kept = settings.VAR / PASSWORD_FILE
    secret = os.environ.get("PORTAL_DEMO_PASSWORD", "")
    if not secret and kept.exists():
        secret = kept.read_text(encoding="utf-8").strip()
    secret = secret or secrets.token_urlsafe(12)
    _write(kept, secret + "\n")
    return secret


def accounts(secret: str) -> str:
    """Return the list of accounts with their password, kept in ``var/`` for its owner only."""
    lines = "\n".join([*_account_lines(), f"口令 password: {secret}", ""])
    _write(settings.VAR / ACCOUNTS_FILE, lines)
    return lines


def _account_lines() -> list[str]:
    data = json.loads((reference.FIXTURES / DATA).read_text(encoding="utf-8"))
    posts = Membership.objects.filter(user__username__in=[a["username"] for a in data["accounts"]])
    lines: dict[str, str] = {}
    for post in posts.select_related("user", "organisation").order_by("user_id", "pk"):
        start = lines.get(post.user.username, f"{post.user.username:<20}{post.organisation}")
        lines[post.user.username] = f"{start} · {post.get_role_display()}"
    return ["演示账号 demonstration accounts", *lines.values()]


def _write(path: Path, content: str) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(content)
    path.chmod(0o600)
