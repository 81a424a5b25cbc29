"""``manage.py import_file``: an official form or sheet, read exactly as the web upload does."""

import json
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand

from portal import importing, registry
from portal.annexes import CellError
from portal.importing import Reading, shown
from portal.models import User
from portal.sandbox import MOST_BYTES
from portal.workflow import Refused

NO_TYPE = "没有“{slug}”这个类型，可用的有：{known}。"
NO_USER = "没有用户“{username}”，或者已停用。"
NO_FILE = "找不到文件“{name}”，或者没有读取它的权限。"


class Command(BaseCommand):
    """Thin: the work is ``importing``. Exit 1 when anything is wrong; stores only with ``--commit``."""

    help = "读取官方表格或工作簿；不加 --commit 只检查，不保存。"

    def add_arguments(self, parser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--type", required=True, dest="slug", metavar="SLUG")
        parser.add_argument("--as", required=True, dest="username", metavar="USERNAME")
        parser.add_argument("--commit", action="store_true")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, file: Path, slug: str, username: str, commit: bool, as_json: bool, **options) -> None:
        """Read, commit when asked and nothing is wrong, print the outcome."""
        outcome = import_file(file, slug, username, commit=commit)
        self.stdout.write(
            json.dumps(outcome, ensure_ascii=False, default=str) if as_json else _lines(outcome)
        )
        if outcome["errors"]:
            raise SystemExit(1)


def import_file(file: Path, slug: str, username: str, *, commit: bool) -> dict:
    """Return the outcome as one JSON object: type, city, records, errors, warnings, imported."""
    try:
        record_type = registry.get(slug)
        user = User.objects.get(username=username, is_active=True)
        upload = _content(file)
    except KeyError:
        known = "、".join(t.slug for t in registry.all_types())
        return _failed(slug, NO_TYPE.format(slug=slug, known=known), slug)
    except User.DoesNotExist:
        return _failed(slug, NO_USER.format(username=username), username)
    except OSError:
        return _failed(slug, NO_FILE.format(name=file.name), file.name)
    reading = importing.read_file(upload, file.name, record_type, user)
    imported = _commit(reading, user) if commit and not reading.errors else 0
    return _outcome(reading, imported)


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)  # one more than is accepted: then the reader says so


def _commit(reading: Reading, user: User) -> int:
    try:
        return len(importing.commit(reading, user))
    except Refused as refused:
        reading.errors.append(CellError("", 0, "", "", str(refused)))
        return 0


def _failed(slug: str, message: str, said: str) -> dict:
    error = asdict(CellError("", 0, "", said, message))
    return {"type": slug, "city": "", "records": [], "errors": [error], "warnings": [], "imported": 0}


def _outcome(reading: Reading, imported: int) -> dict:
    records = [
        {
            "sheet": draft.sheet,
            "row": draft.row,
            "title": draft.title,
            "organisation": reading.organisation.name,
            **shown(draft, reading.record_type),
        }
        for draft in reading.records
    ]
    return {
        "type": reading.record_type.slug,
        "city": reading.city,
        "records": records,
        "errors": [asdict(error) for error in reading.errors],
        "warnings": reading.warnings,
        "imported": imported,
    }


def _lines(outcome: dict) -> str:
    places = [
        f"{e['sheet']}第{e['row']}行“{e['column']}”：“{e['value']}”{e['message']}"
        if e["row"]
        else e["message"]
        for e in outcome["errors"]
    ]
    total = f"共读取{len(outcome['records'])}份，{len(places)}处错误，导入{outcome['imported']}份。"
    return "\n".join([total, *places, *outcome["warnings"]])
