"""What the demonstration shows of the workforce beside its filings: the key brands of some cities."""

from collections.abc import Mapping

from django.utils import timezone

from portal.models import CatalogueEntry, User
from workforce import key_brands

# Who fixes which brands, so many years ago; two cities stay below three, as the overview shows.
DESIGNATIONS = (
    ("jinan_reviewer", "济南绣娘（演示）", 2),
    ("weifang_reviewer", "潍坊年画工（演示）", 2),
    ("jinan_reviewer", "济南绣娘（演示）", 0),
    ("rizhao_reviewer", "莲山电建铁军", 0),
    ("rizhao_reviewer", "日照小优快工", 0),
    ("rizhao_reviewer", "日照优洁士保洁师", 0),
)


def build(people: Mapping[str, User]) -> None:
    """Let the cities fix their brands."""
    for by, title, years_ago in DESIGNATIONS:
        entry = CatalogueEntry.objects.in_force().get(kind=key_brands.KIND, title=title, filing__is_demo=True)
        key_brands.designate(entry, year=timezone.localdate().year - years_ago, by=people[by])
