"""市级劳务品牌建设重点: the only writer of the places a city has in a year (鲁就办〔2021〕22号 二（一）).

Each city fixes 3 to 5: fewer is warned of, more is impossible. Each act is an event of the brand's filing.
"""

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import catalogue, notify, scope, text, verify
from portal.models import CatalogueEntry, Filing, Region, User
from portal.vocabulary import Level, Role
from portal.workflow import Refused, checked_comment, record_event
from workforce.models import KeyBrand
from workforce.models.key_brands import FIRST_YEAR, MOST

KIND, CLAUSE, LEAST = "labour-brands", "鲁就办〔2021〕22号 二（一）", 3
DESK = (Role.REVIEWER, Role.APPROVER)
FULL = "{}{}年已确定 {} 个市级劳务品牌建设重点，不能再增加（{}：每市3至5个）。确需调整的，请先取消一个。"


def may_designate(user: User, city: str) -> bool:
    """Say whether ``user`` fixes the brands of a city: its own review and approval."""
    return len(city) == len("3701") and scope.sits_at(user, Level.CITY, DESK, city)


def years() -> list[int]:
    """Return the years that can be asked for, the present one first."""
    return list(range(timezone.localdate().year, FIRST_YEAR - 1, -1))


def open_to(city: str, year: int) -> list[CatalogueEntry]:
    """Return the brands in force of a city that hold no place in a year yet, by name."""
    held = KeyBrand.objects.standing().filter(city=city, year=year).values("code")
    found = CatalogueEntry.objects.in_force().filter(scope.within("region_id", city), kind=KIND)
    return list(found.exclude(code__in=held).order_by("title", "code"))


@transaction.atomic
def designate(
    entry: CatalogueEntry, *, year: int, by: User, document_number: str = "", request_id: str = ""
) -> KeyBrand:
    """Make a published brand one of its city's 3 to 5 of a year and return its place.

    Raises ``Filing.DoesNotExist`` out of scope, ``Refused`` with the sentence (a sixth too, in a race as
    well), ``Conflict`` when another act on the filing came first.
    """
    filing = Filing.objects.visible_to(by).select_related("organisation__region").get(pk=entry.filing_id)
    current = CatalogueEntry.objects.in_force().filter(pk=entry.pk, kind=KIND).first()
    if not may_designate(by, filing.region_id[:4]):
        raise Refused("市级劳务品牌建设重点由所属市的审核、审批岗位确定。")
    if current is None:
        raise Refused("只有现行目录中的劳务品牌可以确定为建设重点。")
    if year not in years():
        raise Refused(f"年度要在{FIRST_YEAR}年至今年之间。")
    number = catalogue.checked_number(document_number) if text.clean(document_number) else ""
    said = f"{year}年市级劳务品牌建设重点 {number}".strip()
    record_event(filing, "designate", filing.state, by=by, comment=said, request_id=request_id)
    facts = {"code": current.code, "document_number": number, "designated_by": by}
    key = _placed(filing.region_id[:4], year, **facts)
    told = f"“{current.title}”已确定为{year}年市级劳务品牌建设重点。"
    notify.tell(filing, (notify.FILERS,), told, by=by)
    return key


def _placed(city: str, year: int, *, code: str, **facts) -> KeyBrand:
    """Return the brand in the first place that is free; each one that was taken meanwhile is tried past."""
    for _ in range(MOST + 1):
        rows = KeyBrand.objects.standing().filter(city=city, year=year)
        held = dict(rows.values_list("place", "code"))
        if code in held.values():
            raise Refused(f"这个品牌已是{year}年市级劳务品牌建设重点。")
        free = next((place for place in range(1, MOST + 1) if place not in held), None)
        if free is None:
            break
        try:
            with transaction.atomic():
                return KeyBrand.objects.create(city_id=city, year=year, place=free, code=code, **facts)
        except IntegrityError:
            continue
    raise Refused(FULL.format(Region.objects.get(pk=city), year, MOST, CLAUSE))


@transaction.atomic
def withdraw(key: KeyBrand, *, by: User, reason: str, request_id: str = "") -> None:
    """Take a brand off its place, with the reason; raises as ``designate`` does."""
    if not may_designate(by, key.city_id):
        raise Refused("市级劳务品牌建设重点由所属市的审核、审批岗位确定。")
    if not (reason := checked_comment(reason)):
        raise Refused("请写明取消的理由，写入流转记录。")
    filing = Filing.objects.visible_to(by).select_related("organisation__region")
    filing = filing.get(pk=newest_entry(key.code).filing_id)
    said = f"取消{key.year}年市级劳务品牌建设重点：{reason}"
    record_event(filing, "undesignate", filing.state, by=by, comment=said, request_id=request_id)
    if not KeyBrand.objects.standing().filter(pk=key.pk).update(withdrawn_at=timezone.now()):
        raise Refused("这个品牌已被他人取消，没有再次取消。")
    notify.tell(filing, (notify.FILERS,), f"“{filing.title}”{said}", by=by)


def newest_entry(code: str) -> CatalogueEntry:
    """Return the newest entry of a code, in force or exited."""
    return CatalogueEntry.objects.filter(code=code).order_by("-valid_from", "-pk").first()


def counts(year: int) -> dict[str, int]:
    """Return city code → how many brands it fixed for a year, the cities with none too."""
    cities = Region.objects.current().filter(level=Level.CITY).order_by("code").values_list("code", flat=True)
    found = dict.fromkeys(cities, 0)
    for city in KeyBrand.objects.standing().filter(year=year).values_list("city_id", flat=True):
        found[city] = found.get(city, 0) + 1
    return found


def standing(number: int) -> tuple[str, str]:
    """Return the shape and the words of a city that fixed so many."""
    if number < LEAST:
        return "bad", f"少于 {LEAST} 个"
    return "ok", "符合3至5个"


def overview(year: int, cities: list[str] | None = None) -> list[dict]:
    """Return a row per city (all, or those given): number, standing and brands with their newest entries."""
    numbers = counts(year)
    wanted = [city for city in numbers if cities is None or city in cities]
    names = Region.objects.in_bulk(wanted)
    held = KeyBrand.objects.standing().filter(year=year, city__in=wanted)
    keys = list(held.select_related("designated_by"))
    entries = _newest({key.code for key in keys})
    return [
        {
            "city": names[city],
            "number": numbers[city],
            "standing": standing(numbers[city]),
            "brands": [{"key": k, "entry": entries.get(k.code)} for k in keys if k.city_id == city],
        }
        for city in wanted
    ]


def _newest(codes: set[str]) -> dict[str, CatalogueEntry]:
    entries = CatalogueEntry.objects.filter(code__in=codes).order_by("valid_from", "pk")
    return {entry.code: entry for entry in entries}


@verify.also
def faults() -> Iterator[str]:
    """Yield each place held by a code that is no labour brand of that city."""
    entries = _newest(set(KeyBrand.objects.values_list("code", flat=True)))
    for key in KeyBrand.objects.order_by("pk"):
        entry = entries.get(key.code)
        if entry is None or entry.kind != KIND or entry.region_id[:4] != key.city_id:
            yield f"市级劳务品牌建设重点 {key.pk}：{key.code} 不是该市公布的劳务品牌。"
