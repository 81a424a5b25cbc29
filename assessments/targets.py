"""What is set as targets for exam projects and institutions, counted from the catalogue."""

from collections import defaultdict

from django.db.models import Count as Rows
from django.db.models.functions import Substr

from assessments.models import MOST, InstitutionAuthorization, lasting
from portal import targets
from portal.models import CatalogueEntry
from portal.targets import Asked, Count, Line, Standing

Pair = tuple[str, str]  # the code of a project and of a city


@targets.counted("exam-projects", public=True)
def exam_projects(asked: Asked) -> Count:
    """Count the published exam projects (鲁人社发〔2020〕18号 三（三）13)."""
    return targets.entries_counted(asked, "exam-projects")


@targets.counted(MOST)
def institutions_per_project(asked: Asked) -> Count:
    """Count in each city the projects that no more institutions examine than the limit allows."""
    institutions = targets.in_force("exam-institutions", asked.day, at=asked.at)
    given = _given(asked, institutions)
    pairs = {(code, city): number for code, city, number in given}
    fit = [pair for pair, number in pairs.items() if targets.judge(asked.target, number) == Standing.REACHED]
    crowded = {pair: number for pair, number in pairs.items() if pair not in set(fit)}
    return Count(
        _per_city(fit),
        institutions.filter(filing__in=_authorised(asked, institutions).values("institution")),
        of=_per_city(pairs),
        lines=_lines(crowded, asked, institutions) if crowded else (),
        credited=lambda: _projects(fit, asked),
    )


def _projects(fit: list[Pair], asked: Asked) -> list[tuple[str, int]]:
    """Return the city of each pair with the filing of the project, by the newest entry of its code."""
    known = {"published_at__lte": asked.at} if asked.at else {}
    entries = CatalogueEntry.objects.filter(code__in={code for code, _ in fit}, **known)
    filings = dict(entries.order_by("valid_from", "pk").values_list("code", "filing"))
    return [(city, filings[code]) for code, city in fit]


def _authorised(asked: Asked, institutions):
    """Return what the institutions may examine on the day: what has ended by then no longer counts."""
    published = institutions.values("filing")
    found = InstitutionAuthorization.objects.filter(lasting(asked.day), institution__in=published)
    known = {"project__entry__published_at__lte": asked.at} if asked.at else {}
    return found.filter(project__entry__isnull=False, **known)


def _given(asked: Asked, institutions):
    found = _authorised(asked, institutions).annotate(city=Substr("region_id", 1, 4)).order_by()
    pairs = found.values_list("project__entry__code", "city")
    return pairs.annotate(n=Rows("institution", distinct=True))


def _per_city(pairs) -> dict[str, int]:
    numbers: dict[str, int] = defaultdict(int)
    for _, city in pairs:
        numbers[city] += 1
    return dict(numbers)


def _lines(crowded: dict[Pair, int], asked: Asked, institutions) -> list[Line]:
    """Return the pairs over the limit with the institutions of each; two queries."""
    codes = {code for code, _ in crowded}
    projects = targets.in_force("exam-projects", asked.day, at=asked.at).filter(code__in=codes)
    titles = dict(projects.values_list("code", "title"))
    nodes = _nodes(crowded, asked, institutions)
    return [
        Line(city, titles.get(code, code), number, is_reached=False, nodes=nodes[code, city])
        for (code, city), number in sorted(crowded.items(), key=lambda item: item[0][::-1])
    ]


def _nodes(crowded: dict[Pair, int], asked: Asked, institutions) -> dict[Pair, tuple[CatalogueEntry, ...]]:
    found = _authorised(asked, institutions).filter(project__entry__code__in={code for code, _ in crowded})
    found = found.select_related("institution__entry").order_by("institution__entry__code")
    nodes: dict[Pair, dict[str, CatalogueEntry]] = defaultdict(dict)
    for code, row in ((row.project_code, row) for row in found.select_related("project__entry")):
        entry = row.institution.entry
        nodes[code, row.region_id[:4]][entry.code] = entry
    return {pair: tuple(nodes[pair].values()) for pair in crowded}
