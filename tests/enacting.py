"""Writes a chronicle into the database as the portal would have, in bulk and under the database's guards.

What a filing says beside the chronicle is the example of its type. ``verify`` finds nothing wrong with what
comes out, so a history that could not be is noticed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import connection, models

from portal import campaigns, records, registry, snapshot, text
from portal.models import (
    Campaign,
    CatalogueEntry,
    CodeCounter,
    Event,
    Extension,
    Filing,
    FilingVersion,
    Promotion,
    Region,
    Reminder,
    User,
)
from portal.registry import RecordType
from portal.vocabulary import DECIDED, Role, State
from tests import factories
from tests.chronicles import END, Chronicle, Life, Task, Text

DOCUMENT, EXIT_DOCUMENT = "演示文〔2024〕1号", "演示退〔2024〕1号"
PUBLISHER = "山东省人力资源和社会保障厅"


def places() -> tuple[list[str], list[str]]:
    """Return the codes of the cities and of the counties there are."""
    codes = Region.objects.order_by("code").values_list("level", "code")
    return [c for level, c in codes if level == "city"], [c for level, c in codes if level == "county"]


def enact(chronicle: Chronicle) -> dict[int, Filing]:
    """Store everything and return life number → filing."""
    filings = _Enactment(chronicle).run()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # plans made for empty tables are slow on what now stands in them
    return filings


class _Enactment:
    def __init__(self, chronicle: Chronicle):
        self.chronicle = chronicle
        self.regions = Region.objects.select_related("parent").in_bulk()
        self.people: dict[tuple[str, str], User] = {}
        self.prototypes = {kind: _prototype(kind) for kind in sorted({life.kind for life in chronicle.lives})}
        self.taken = {kind: snapshot.take(record) for kind, record in self.prototypes.items()}
        self.posts = {code: factories.bureau(code) for code in ("37", *chronicle.cities, *chronicle.counties)}
        self.campaigns = [self._campaign(task) for task in chronicle.tasks]
        self.filings: dict[int, Filing] = {}

    def run(self) -> dict[int, Filing]:
        """Store the filings, what they say, what was submitted, what was done, what was published."""
        self._begin([life for life in self.chronicle.lives if life.amends is None])
        self._begin([life for life in self.chronicle.lives if life.amends])
        for kind in self.prototypes:
            self._write_children(kind, [life for life in self.chronicle.lives if life.kind == kind])
        versions = [self._version(life, said) for life in self.chronicle.lives for said in life.texts]
        FilingVersion.objects.bulk_create(versions, batch_size=500)
        chains = [self._chain(life) for life in self.chronicle.lives]
        Event.objects.bulk_create((event for chain in chains for event in chain), batch_size=1000)
        self._walk(chains)
        self._publish()
        return self.filings

    def person(self, role: str, place: str) -> User:
        """Return who holds a post."""
        if (role, place) not in self.people:
            self.people[role, place] = factories.person(Role(role), place)
        return self.people[role, place]

    def _campaign(self, task: Task) -> Campaign:
        found = campaigns.start(
            by=factories.reviewer("37"),
            kind=task.kind,
            name=f"演示{task.year}年{registry.get(task.kind).label}",
            document_number=DOCUMENT,
            opens_at=task.opens_at,
            due_at=task.due_at,
            expects="city",
        )
        note = LogEntry.objects.filter(content_type__model="campaign", object_id=str(found.pk))
        note.update(action_time=task.opens_at - timedelta(days=30))
        duties = {duty.organisation.region_id: duty for duty in found.duties.select_related("organisation")}
        by = factories.reviewer("37")
        Extension.objects.bulk_create(
            Extension(duty=duties[place], until=until, reason="演示", granted_by=by, granted_at=granted)
            for place, until, granted in task.extensions
        )
        Reminder.objects.bulk_create(
            Reminder(duty=duties[place], at=at, by=by) for place, at in task.reminders
        )
        return found

    def _begin(self, lives: list[Life]) -> None:
        rows = Filing.objects.bulk_create((self._begun(life) for life in lives), batch_size=500)
        self.filings |= {life.number: row for life, row in zip(lives, rows, strict=True)}

    def _begun(self, life: Life) -> Filing:
        last, bureau = life.texts[-1] if life.texts else None, self.posts[life.place]
        back = sum(deed.verb in ("return", "withdraw") for deed in life.deeds)
        holds = life.amends is None and not (life.span and life.span.valid_to)
        return Filing(
            kind=life.kind,
            organisation=bureau,
            region_id=life.place,
            title=_title(life, last) if last else f"演示第{life.number}号草稿",
            version=1 + back,
            campaign=self.campaigns[life.campaign] if life.campaign is not None else None,
            amends=self.filings[life.amends.number] if life.amends else None,
            holds_name=holds or bool(life.amends and life.span and not life.span.valid_to),
            created_at=life.created_at,
            created_by=self.person("filer", life.place),
            updated_at=life.deeds[-1].at if life.deeds else life.created_at,
            arrived_at=max((d.at for d in life.deeds if d.source != d.target), default=life.created_at),
            is_late=any(said.is_late for said in life.texts[-1:]),
        )

    def _write_children(self, kind: str, lives: list[Life]) -> None:
        prototype, model = self.prototypes[kind], registry.get(kind).model
        columns = [column for column in model._meta.local_concrete_fields if not column.primary_key]
        names = [model._meta.pk.column, *(column.column for column in columns)]
        quoted = ", ".join(map(connection.ops.quote_name, names))
        sql = f"INSERT INTO {model._meta.db_table} ({quoted}) VALUES ({', '.join(['%s'] * len(names))})"
        lines = []
        for life in lives:
            said = _said(life)
            values = [getattr(prototype, c.attname) for c in columns]
            named = {c.attname: v for c, v in zip(columns, values, strict=True)} | said.values
            named |= {"name": said.name} if "name" in named else {}
            stored = [c.get_db_prep_save(named[c.attname], connection) for c in columns]
            lines.append([self.filings[life.number].pk, *stored])
        with connection.cursor() as cursor:
            cursor.executemany(sql, lines)
        self._relate(prototype, model, lives)

    def _relate(self, prototype: Filing, model: type[models.Model], lives: list[Life]) -> None:
        for column in model._meta.local_many_to_many:
            through, link = column.remote_field.through, column.m2m_field_name()
            chosen = [other.pk for other in getattr(prototype, column.name).all()]
            through.objects.bulk_create(
                through(
                    **{
                        f"{link}_id": self.filings[life.number].pk,
                        f"{column.m2m_reverse_field_name()}_id": pk,
                    }
                )
                for life in lives
                for pk in chosen
            )
        for name in prototype.record_type.rows:
            rows = model._meta.get_field(name).related_model
            link = next(f for f in rows._meta.concrete_fields if f.related_model is model)
            rows.objects.bulk_create(
                (
                    rows(**{link.attname: self.filings[life.number].pk}, **facts)
                    for life in lives
                    for facts in self._stored_rows(prototype, name, life)
                ),
                batch_size=1000,
            )

    def _stored_rows(self, prototype: Filing, name: str, life: Life) -> Iterator[dict]:
        said = _said(life)
        if said.rows:
            for row in said.rows:
                place = {"organizer_region_id": row["organizer_region"]} if "organizer_region" in row else {}
                yield {**{k: v for k, v in row.items() if k != "organizer_region"}, **place}
            return
        own = prototype.record_type.rows[name]
        for row in snapshot.child_rows(prototype, name):
            yield {row._meta.get_field(n).attname: getattr(row, row._meta.get_field(n).attname) for n in own}

    def _version(self, life: Life, said: Text) -> FilingVersion:
        taken = self._snapshot(life, said)
        return FilingVersion(
            filing=self.filings[life.number],
            number=said.number,
            snapshot=taken,
            sha256=snapshot.digest(taken),
            submitted_at=said.at,
            submitted_by=self.person("filer", life.place),
            is_late=said.is_late,
        )

    def _snapshot(self, life: Life, said: Text) -> dict:
        kind, filing = registry.get(life.kind), self.filings[life.number]
        taken = deepcopy(self.taken[life.kind])
        taken |= {
            "title": _title(life, said),
            "organisation": filing.organisation.name,
            "region": life.place,
            "version": said.number,
            "campaign": str(filing.campaign) if filing.campaign else "",
            "files": [{"id": n, "slot": slot, "size": 1, "sha256": ""} for n, slot in enumerate(said.files)],
        }
        values = {**said.values, **({"name": said.name} if "name" in taken["values"] else {})}
        taken["values"] |= values
        for field in (field for section in taken["sections"] for field in section["fields"]):
            if field["name"] in values:
                field["text"] = _words(kind.field(field["name"]), values[field["name"]])
        if said.rows:
            self._take_rows(taken, kind, life, said.rows)
        return taken

    def _take_rows(self, taken: dict, kind: RecordType, life: Life, rows: Iterable[dict]) -> None:
        (name,) = kind.rows
        model, own = kind.row_model(name), kind.rows[name]
        taken["rows"][name] = [{n: self._raw(model, n, row[n]) for n in own} for row in rows]
        region = self.regions[life.place]
        city = (region.parent if len(life.place) > 4 else region).name
        table = next(table for table in taken["tables"] if table["name"] == name)
        fields = list(kind.sheet.columns.values()) if kind.sheet else own
        table["rows"] = [[self._shown(model, n, row[n]) if n else city for n in fields] for row in rows]

    def _raw(self, model: type[models.Model], name: str, value: Any) -> Any:
        column = model._meta.get_field(name)
        if column.is_relation and value:
            return {"id": value, "code": "", "title": self.regions[value].name}
        if isinstance(column, models.DecimalField) and value is not None:
            return str(value)
        return value

    def _shown(self, model: type[models.Model], name: str, value: Any) -> str:
        column = model._meta.get_field(name)
        if column.is_relation:
            return self.regions[value].name if value else snapshot.CITY_ITSELF
        return _words(column, value)

    def _chain(self, life: Life) -> list[Event]:
        chain: list[Event] = []
        for number, deed in enumerate(life.deeds, 1):
            by = self.person(deed.role, deed.place)
            post = self.posts[deed.place]
            event = Event(
                filing_id=self.filings[life.number].pk,
                number=number,
                version=deed.version,
                action=deed.verb,
                source=deed.source,
                target=deed.target,
                by=by,
                by_name=by.full_name,
                organisation=post,
                organisation_name=post.name,
                comment=self._comment(life, deed.verb) or deed.comment,
                at=deed.at,
                previous_hash=chain[-1].hash if chain else "",
            )
            event.hash = event.digest()
            chain.append(event)
        return chain

    def _comment(self, life: Life, verb: str) -> str:
        span = life.span
        return {
            "publish": f"{DOCUMENT} {span.valid_from}" if span else "",
            "promote": f"省级 {DOCUMENT} {span.rises[0][0]}" if span and span.rises else "",
            "exit": f"自愿退出 {EXIT_DOCUMENT} {span.valid_to}" if span else "",
        }.get(verb, "")

    def _walk(self, chains: list[list[Event]]) -> None:
        """Let every filing take its steps, all that do the same at once; the guards look on."""
        longest = max(map(len, chains))
        for step in range(longest):
            moved = defaultdict(list)
            for event in (chain[step] for chain in chains if len(chain) > step):
                moved[event.target].append(event)
            for target, events in moved.items():
                self._move(target, events)
        self._remember(chains)

    def _move(self, target: str, events: list[Event]) -> None:
        is_final = target in DECIDED
        filings = Filing.objects.filter(pk__in=[event.filing_id for event in events])
        if not is_final:
            filings.update(
                state=target,
                step=events[0].number,
                submitted_by=models.F("created_by"),
                submitted_at=models.F("created_at"),
                decided_at=None,
                decided_by=None,
            )
            return
        by_person = defaultdict(list)
        for event in events:
            by_person[event.by_id].append(event.filing_id)
        for person, numbers in by_person.items():
            Filing.objects.filter(pk__in=numbers).update(
                state=target, step=events[0].number, decided_at=models.F("updated_at"), decided_by=person
            )

    def _remember(self, chains: list[list[Event]]) -> None:
        rows = []
        for life, chain in zip(self.chronicle.lives, chains, strict=True):
            filing = self.filings[life.number]
            decision = next((e for e in reversed(chain) if e.action in ("approve", "reject")), None)
            filing.submitted_at = life.texts[-1].at if life.texts else None
            filing.submitted_by = filing.created_by if life.texts else None
            filing.decided_at, filing.decided_by_id = (
                (decision.at, decision.by_id) if decision and chain[-1].target in DECIDED else (None, None)
            )
            rows.append(filing)
        names = ["submitted_at", "submitted_by", "decided_at", "decided_by"]
        Filing.objects.bulk_update(rows, names, batch_size=300)

    def _publish(self) -> None:
        told = [life for life in self.chronicle.lives if life.span]
        lived = sorted(told, key=lambda life: life.span.told)  # codes are given in this order
        serials = Counter(dict(CodeCounter.objects.values_list("prefix", "last")))
        for life in lived:
            prefix = f"{registry.get(life.kind).code}-{life.place[:4]}"
            if life.amends:
                life.span.code = life.amends.span.code
            else:
                serials[prefix] += 1
                life.span.code = f"{prefix}-{serials[prefix]:04d}"
        entries = CatalogueEntry.objects.bulk_create((self._entry(life) for life in lived), batch_size=500)
        Promotion.objects.bulk_create(
            Promotion(
                entry=entry,
                former=former,
                level="provincial",
                document_number=DOCUMENT,
                on=on,
                by=self.person("publisher", "37"),
                at=told,
            )
            for life, entry in zip(lived, entries, strict=True)
            for on, told, former in life.span.rises
        )
        for prefix, number in serials.items():
            CodeCounter.objects.update_or_create(prefix=prefix, defaults={"last": number})

    def _entry(self, life: Life) -> CatalogueEntry:
        span, title = life.span, _title(life, life.texts[-1])
        return CatalogueEntry(
            filing=self.filings[life.number],
            kind=life.kind,
            code=span.code,
            title=title,
            region_id=life.place,
            level=span.level,
            document_number=DOCUMENT,
            publisher=PUBLISHER,
            valid_from=span.valid_from,
            valid_to=span.valid_to,
            published_at=span.told,
            ended_at=span.told_end,
            published_by=self.person("publisher", "37"),
            exit_reason=span.reason,
            exit_document_number=EXIT_DOCUMENT if span.reason else "",
            search_text=text.fold(title),
            name_key=text.key(title)[:100],
        )


def _said(life: Life) -> Text:
    """Return what is stored of a life: its last text, or of a draft a text nobody submitted."""
    return life.texts[-1] if life.texts else Text(1, END, False, f"演示第{life.number}号草稿", _year(life))


def _year(life: Life) -> dict:
    return {"year": life.year} if life.kind in ("project-training-returns", "subsidy-reviews") else {}


def _title(life: Life, said: Text) -> str:
    return said.name or f"{life.year}年{registry.get(life.kind).label}"


def _words(column: models.Field, value: Any) -> str:
    if column.choices:
        return dict(column.flatchoices).get(value, "")
    return "" if value is None else str(value)


def _prototype(kind: str) -> Filing:
    """Return a whole filing of a type, from which the unsaid is taken; it is given up at once."""
    record = factories.filing(kind, State.CANCELLED, place="3701")
    Filing.objects.filter(pk=record.pk).update(created_at=END + timedelta(days=1))
    return records.load(record)
