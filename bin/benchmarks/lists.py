"""The list of one catalogue as the public reads it, ours beside the plain way: its pages and searches.

Measured is what a view does without its template: the entries of the page, how many there are, and the
numbers beside every choice; nothing is cached. The plain way is that of the documentation:
``Paginator``, ``icontains``, an ``annotate(Count)`` for each facet.
"""

import hashlib
import json
import sys
from collections.abc import Callable

import django

django.setup()

from django.core.paginator import Paginator  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When  # noqa: E402
from django.db.models.functions import Substr  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import databases, measuring  # noqa: E402
from benchmarks.measuring import Verdict, exponent, tell  # noqa: E402
from portal import hits, population, registry, text  # noqa: E402
from portal.models import CatalogueEntry  # noqa: E402
from portal.population import words  # noqa: E402
from portal.views import public  # noqa: E402

KIND = "skill-brands"
PAGE, DEEP = 20, 1000
FACETS = ["level", *(f"filing__skillbrand__{name}" for name in ("direction", "positioning", "stage"))]
ASKED = {"first page": {}, f"page {DEEP}": {"page": str(DEEP)}}
COMMON = {f"common word of {n}": {"q": word} for n, word in words.COMMON.items()}
RARE = {f"rare word of {n}": {"q": word} for n, word in words.RARE.items()}
OPERATIONS = {**ASKED, **COMMON, **RARE}
TIMES = 30
SIZES, COMPARED = (1_000, 10_000, 100_000, 1_000_000), 100_000  # up to there searches are held against stock
LEAST, LEAST_DEEP, MOST_MS, MOST_RARE_MS = 50, 100, 10, 5
FLAT, ROOT, TWICE = 0.1, 0.5, 2


def ours(asked: dict) -> dict:
    """Return what the page of the portal would say."""
    record_type = registry.get(KIND)
    request = RequestFactory().get(f"/catalogue/{KIND}/", asked)
    _, listing = public._listing(request, record_type)
    page, _ = public._turned(request, listing)
    beside = public.choices(listing, page)
    count = page.paginator.count
    said = {facet["label"]: [option["count"] for option in facet["options"]] for facet in beside["facets"]}
    known = None if isinstance(count, hits.AtLeast) else [count, list(said.values())]
    return {"page": [entry.pk for entry in page], "known": known}


def stock(asked: dict) -> dict:
    """Return the same by plain queries."""
    found = _in_force().order_by("-valid_from", "-pk")
    if said := asked.get("q"):
        found = _searched(found, text.fold(said))
    page = Paginator(found.select_related("region__parent", "filing__skillbrand"), PAGE).get_page(
        asked.get("page", 1)
    )
    shown = [entry.pk for entry in page]
    plain = found.order_by()
    facets = [dict(plain.values_list(path).annotate(n=Count("pk"))) for path in FACETS]
    dict(plain.annotate(city=Substr("region_id", 1, 4)).values_list("city").annotate(n=Count("pk")))
    CatalogueEntry.objects.filter(kind=KIND).exclude(exit_reason="").count()
    words = [list(dict(_choices(path))) for path in FACETS]
    beside = [
        [counts.get(value, 0) for value in values] for counts, values in zip(facets, words, strict=True)
    ]
    return {"page": shown, "known": [page.paginator.count, beside]}


def _in_force() -> QuerySet:
    today = timezone.localdate()
    lasting = Q(valid_to=None) | Q(valid_to__gt=today)
    return CatalogueEntry.objects.filter(lasting, kind=KIND, valid_from__lte=today)


def _searched(found: QuerySet, said: str) -> QuerySet:
    """Return what holds a word, the best fit of a name first."""
    fit = Case(
        When(name_key=said, then=Value(0)),
        When(name_key__startswith=said, then=Value(1)),
        When(name_key__contains=said, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    found = found.filter(search_text__icontains=said).annotate(fit=fit)
    return found.order_by("fit", "-valid_from", "-pk")


def _choices(path: str) -> list[tuple[str, str]]:
    name = path.rpartition("__")[2]
    model = registry.get(KIND).model if name != "level" else CatalogueEntry
    return list(model._meta.get_field(name).choices)


WAYS: dict[str, Callable[[dict], dict]] = {"ours": ours, "stock": stock}
WORKS = {f"{operation}: {way}": (operation, way) for operation in OPERATIONS for way in WAYS}


def digest(operation: str, way: str) -> str:
    """Return the digest of the page; of a common word ours claims no numbers, so they are left out there."""
    found = WAYS[way](OPERATIONS[operation])
    said = found["page"] if operation in COMMON else found
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def main() -> int:
    """Fill the databases, measure, hand over."""
    chosen = measuring.arguments("lists", sizes=SIZES, quick=(1_000,), works=WORKS)
    if chosen.only:
        operation, way = WORKS[chosen.only]
        if way == "stock":  # takes seconds
            measuring.once(lambda: digest(operation, way))
        else:
            measuring.repeated(lambda: digest(operation, way), TIMES)
        return 0
    costs: dict[str, dict[int, dict[str, float]]] = {operation: {} for operation in OPERATIONS}
    for size in chosen.sizes:
        databases.use(f"lists{size}", lambda size=size: fill(size), is_read_only=True)
        for operation in OPERATIONS:
            if operation != f"page {DEEP}" or size > 2 * DEEP * PAGE:
                costs[operation][size] = compare(operation, size, chosen.rounds)
    judge({operation: found for operation, found in costs.items() if found})
    return 0


def fill(size: int) -> None:
    """Write ``size`` entries of one catalogue."""
    population.fill_entries(size, kinds={KIND: 1}, has_history=False)


def compare(operation: str, size: int, rounds: int) -> dict[str, float]:
    """Measure ours beside stock, which is left out where it takes minutes; return the CPU of each."""
    ways = WAYS if size <= COMPARED or operation in ASKED else ["ours"]
    names = {f"{operation}: {way}": way for way in ways}
    few = {f"{operation}: stock": 1} if size >= COMPARED else {}  # takes minutes
    found = measuring.rounds(__file__, names, rounds, size=size, fewer=few)
    target = "P7" if operation == f"page {DEEP}" else "P5" if operation in ASKED else "P6"
    measuring.hand_over(target, operation, size, found, names)
    return {names[name]: measuring.cpu(own) for name, own in found.items()}


def judge(costs: dict[str, dict[int, dict[str, float]]]) -> None:
    """Hand over what the costs mean for each target."""
    for operation, found in costs.items():
        target = "P7" if operation == f"page {DEEP}" else "P5" if operation in ASKED else "P6"
        least = LEAST_DEEP if target == "P7" else LEAST
        compared = max((size for size, own in found.items() if "stock" in own), default=0)
        if compared >= COMPARED:
            times = found[compared]["stock"] / found[compared]["ours"]
            claim, goal = f"{operation} of {compared} against stock", f"at least {least} times less CPU"
            tell(Verdict(target, claim, f"{times:.0f} times less CPU", goal, times >= least))
    _flat(costs["first page"])
    for operation in COMMON:
        _rising(operation, costs[operation])
    for operation in RARE:
        _quick("P6", operation, costs[operation], MOST_RARE_MS)
    if deep := costs.get(f"page {DEEP}"):
        size = max(deep)
        times = deep[size]["ours"] / costs["first page"][size]["ours"]
        claim = f"page {DEEP} of {size} against the first"
        tell(Verdict("P7", claim, f"{times:.2f} times its CPU", f"at most {TWICE} times", times <= TWICE))


def _flat(found: dict[int, dict[str, float]]) -> None:
    _quick("P5", "first page", found, MOST_MS)
    grown = {size: own["ours"] for size, own in found.items() if size >= SIZES[1]}
    if len(grown) > 1:
        power = exponent(grown)
        claim = f"exponent of the first page, {min(grown)} to {max(grown)}"
        tell(Verdict("P5", claim, f"{power:.2f}", f"at most {FLAT}", power <= FLAT))


def _rising(operation: str, found: dict[int, dict[str, float]]) -> None:
    grown = {size: own["ours"] for size, own in found.items() if size >= SIZES[1]}
    if len(grown) > 1:
        power = exponent(grown)
        claim = f"exponent of a {operation}, {min(grown)} to {max(grown)}"
        tell(Verdict("P6", claim, f"{power:.2f}", f"at most {ROOT}", power <= ROOT))


def _quick(target: str, operation: str, found: dict[int, dict[str, float]], most: int) -> None:
    size = max(found)
    taken = found[size]["ours"] * 1000
    claim = f"{operation} of {size} on {connection.vendor}"
    tell(Verdict(target, claim, f"{taken:.1f} ms CPU", f"at most {most} ms", taken <= most))


if __name__ == "__main__":
    sys.exit(main())
