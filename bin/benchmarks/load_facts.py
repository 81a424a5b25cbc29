"""What a load begins and ends with: pages and people out of the database, what it holds afterwards."""

import random
import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Max
from django.utils import timezone
from openpyxl import Workbook

from benchmarks.load_ledger import Entry, Kept
from portal import sessions
from portal.models import CatalogueEntry, Event, Filing, Job, Region, User
from portal.models.jobs import WAITING, JobStatus
from portal.population import people, words
from portal.vocabulary import Level, Role, State
from workforce.models import HandicraftTrainingProject

KIND, LISTED = "handicraft-projects", ("skill-brands", "labour-brands", "building-units", "exam-projects")
HEADERS = ["培训项目名称", "项目来源", "培训对象", "课时"]
IMPORTED_ROWS, IMPORTS, MEASURED = 10, 40, 20
IMPORTED = "演示导入"  # how the name of every row begins that a load imports
HOUR = 3600
CITIES = ("3701", "3702", "3703", "3707", "3713")


def plan(
    port: int, seconds: float, rates: dict, folder: Path, chance: random.Random, *, rows: int = IMPORTED_ROWS
) -> dict:
    """Return everything the client has to know; each file that it imports has ``rows`` rows."""
    ledger = folder / "ledger.jsonl"
    ledger.unlink(missing_ok=True)
    users = User.objects.filter(username__startswith=f"{people.MARK}_").order_by("pk")
    filers = [user.username for user in users if user.username.startswith(f"{people.MARK}_filer_")]
    return {
        "port": port,
        "seconds": seconds,
        "rates": rates,
        "seed": chance.randrange(10**6),
        "ledger": str(ledger),
        "sessions": {user.username: _session(user) for user in users},
        "filers": filers[IMPORTS + MEASURED :],
        "measured_filers": filers[IMPORTS : IMPORTS + MEASURED],
        "waiting": _waiting(),
        "public": _public(chance),
        "desk": _desk(chance),
        "imports": [
            _import(folder, number, who, rows) for number, who in enumerate(filers[: _files(seconds)])
        ],
        "reporter": people.name_of(Role.REVIEWER, people.PROVINCE),
        "day": str(timezone.localdate()),
    }


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update(sessions.beginning(user))
    session[sessions.CONFIRMED] += HOUR  # a load lasts longer than a confirmation does
    session.create()
    return session.session_key


def _waiting() -> dict[str, list[dict]]:
    """Return the drafts that lie begun, and the filings that already wait for the province."""
    drafts = Filing.objects.filter(kind=KIND, state=State.DRAFT).select_related("created_by").order_by("pk")
    held = Filing.objects.filter(kind="skill-brands").select_related("created_by")
    found = held.filter(state=State.PROVINCE_REVIEW).order_by("pk")
    return {
        "autosave": [_sheet(filing) for filing in drafts[:100]],
        "accept": [_sheet(filing) for filing in found.filter(accepted_at=None)[:200]],
        "approve": [_sheet(filing) for filing in found.exclude(accepted_at=None)[:200]],
        "publish": [_sheet(filing) for filing in held.filter(state=State.APPROVED, entry=None)[:200]],
    }


def _sheet(filing: Filing) -> dict:
    numbers = {"revision": filing.revision, "version": filing.version, "step": filing.step}
    whose = {"city": filing.region_id[:4], "filer": filing.created_by.username}
    return {"pk": filing.pk, "kind": filing.kind, **whose, **numbers}


def _public(chance: random.Random) -> dict[str, list[str]]:
    """Return the addresses strangers ask for: lists with and without facets, entries, searches, downloads."""
    cities = Region.objects.filter(level=Level.CITY).values_list("code", flat=True)
    entries = list(CatalogueEntry.objects.in_force().values_list("kind", "code").order_by("pk")[:20_000])
    facets = [
        "",
        "direction=food",
        "direction=handicraft&stage=cultivating",
        "positioning=area",
        "level=provincial",
    ]
    lists = [f"/catalogue/{slug}/" for slug in LISTED]
    lists += [f"/catalogue/{slug}/?city={city}" for slug in LISTED for city in cities]
    lists += [f"/catalogue/skill-brands/?{facet}" for facet in facets[1:]]
    lists += [f"/catalogue/skill-brands/?city={city}&{facets[1]}" for city in cities]
    lists += [f"/catalogue/skill-brands/?page={number}" for number in range(2, 10)]
    asked = [*words.COMMON.values(), *words.RARE.values(), *words.CRAFTS[:44]]
    return {
        "home": ["/"],
        "catalogue": ["/catalogue/", "/map/", "/notices/"],
        "list": lists,
        "search": [f"/search/?q={_quoted(word)}" for word in asked],
        "entry": [
            f"/catalogue/{kind}/{code}/" for kind, code in chance.sample(entries, min(2000, len(entries)))
        ],
        "download": ["/catalogue/city-training-brands/download.xlsx"],
    }


def _quoted(word: str) -> str:
    return "".join(f"%{byte:02X}" for byte in word.encode())


def _desk(chance: random.Random) -> dict[str, list[tuple[str, str]]]:
    """Return (who, address) of what people look at."""
    cities = Region.objects.filter(level=Level.CITY).values_list("code", flat=True)
    desks = [people.name_of(Role.REVIEWER, code) for code in (people.PROVINCE, *cities)]
    province = people.name_of(Role.REVIEWER, people.PROVINCE)
    reviewed = Filing.objects.filter(state__in=[State.CITY_REVIEW, State.PROVINCE_REVIEW])
    pages = [
        (people.name_of(Role.REVIEWER, region[:4]), f"/desk/filings/{pk}/")
        for pk, region in reviewed.order_by("pk").values_list("pk", "region_id")[:500]
    ]
    left = Filing.objects.filter(state=State.DRAFT).exclude(kind=KIND)  # those of that type are written on
    drafts = left.select_related("created_by").order_by("pk")[:300]
    lists = [(who, f"/desk/filings/{slug}/") for who in desks for slug in LISTED]
    return {
        "queue": [(who, "/desk/") for who in desks] + [(province, "/desk/?tab=todo")] * 5,
        "filing": pages,
        "edit": [(draft.created_by.username, f"/desk/filings/{draft.pk}/edit/") for draft in drafts],
        "lists": lists,
        "dashboard": [(who, "/desk/dashboard/") for who in desks],
        "numbers": [(who, "/desk/numbers/") for who in desks],
    }


def _files(seconds: float) -> int:
    """Return how many files are imported: one every other minute, and one to begin with."""
    return min(IMPORTS, int(seconds // 120) + 2)


def _import(folder: Path, number: int, who: str, rows: int) -> dict:
    """Write a workbook and return where it is, whose it is and what its rows are called."""
    letters = string.ascii_uppercase
    titles = [f"{IMPORTED}{letters[number % 26]}{number}之{row}" for row in range(rows)]
    book = Workbook()
    book.active.append(HEADERS)
    for title in titles:
        book.active.append([title, "其他", "", 48])
    content = BytesIO()
    book.save(content)
    path = folder / f"import{number}.xlsx"
    path.write_bytes(content.getvalue())
    return {"path": str(path), "by": who, "titles": titles}


@dataclass(frozen=True)
class Before:
    """Where the numbers stood, and how often each filing had been written."""

    filing: int
    event: int
    writes: dict[int, int]

    @classmethod
    def now(cls) -> "Before":
        """Return it."""
        last = Filing.objects.aggregate(last=Max("pk"))["last"] or 0
        event = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        open_ones = Filing.objects.filter(entry=None).values_list("pk", "revision")
        return cls(last, event, dict(open_ones))


def unfinished() -> bool:
    """Say whether a job is still to be done."""
    return Job.objects.filter(status__in=WAITING).exists()


def kept(entries: Iterable[Entry], before: Before) -> Kept:
    """Return what the database holds of what a load could touch."""
    made = Filing.objects.filter(pk__gt=before.filing)
    imported = made.filter(title__startswith=IMPORTED).values_list("title", flat=True)
    begun = made.exclude(title__startswith=IMPORTED).values_list("pk", "created_by__username")
    events = Event.objects.filter(pk__gt=before.event)
    touched = {entry.filing for entry in entries if entry.filing is not None}
    records = HandicraftTrainingProject.objects.filter(pk__in=touched)
    writes = Filing.objects.filter(pk__in=touched).values_list("pk", "revision")
    done = Job.objects.filter(status=JobStatus.DONE)
    given_up = Job.objects.filter(status=JobStatus.FAILED).exclude(reason="")
    return Kept(
        begun=dict(begun),
        texts=dict(records.values_list("pk", "summary")),
        writes={pk: revision - before.writes.get(pk, 0) for pk, revision in writes},
        acts=list(events.values_list("filing_id", "action", "by__username")),
        imported=Counter(imported),
        reports=set(done.values_list("pk", flat=True)),
        given_up=dict(given_up.values_list("pk", "reason")),
    )
