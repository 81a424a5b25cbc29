"""Whose a row of past results is: the HRSS bureaus by all that a sheet may call them."""

from collections import defaultdict

from portal import text
from portal.importing.lines import BUREAU, REGION
from portal.models import Organisation, Region
from portal.registry import RecordType
from portal.vocabulary import HRSS_KINDS, Kind, Level

NO_BUREAU = "没有写是哪个单位的结果，请填写“填报单位”或“所属区划”。"
UNKNOWN_BUREAU = "没有叫“{}”的人力资源和社会保障部门，请核对，或改写所属区划的全称。"
SEVERAL_BUREAUS = "有几个叫“{}”的，请在“所属区划”写全称，如“济南市市中区”。"
OTHER_REGION = "“{}”不在“{}”，请核对填报单位和所属区划。"
NOT_FILED = "“{}”不填报{}，请核对。"


class Wrong(Exception):
    """A cell that does not say whose or when: its column, what it says, the sentence."""

    def __init__(self, column: str, said: str, message: str):
        self.column, self.said = column, said
        super().__init__(message)


class Bureaus:
    """The HRSS bureaus by what a sheet may call them, each name with all that bear it; two queries."""

    def __init__(self, record_type: RecordType):
        self.record_type = record_type
        self.by_name: dict[str, list[Organisation]] = defaultdict(list)
        self.by_region: dict[str, list[Organisation]] = defaultdict(list)
        found = Organisation.objects.current().filter(kind__in=HRSS_KINDS)
        for one in found.select_related("region__parent").order_by("region_id", "pk"):
            city = one.region.parent.name if one.region.parent_id else ""
            for name in {one.name, one.short_name, one.name.removeprefix(city)} - {""}:
                self.by_name[text.key(name)].append(one)
            if one.kind == Kind.HRSS_BUREAU:
                for name in map(text.key, _names(one.region)):
                    self.by_region[name].append(one)

    def find(self, name: str, region: str) -> Organisation:
        """Return the bureau that a row names; ``Wrong`` with what is wrong, and in which column."""
        if not (name or region):
            raise Wrong(BUREAU, "", NO_BUREAU)
        if not name:
            return self._only(self.by_region[text.key(region)], REGION, region)
        found = self.by_name[text.key(name)]
        if not region:
            return self._only(found, BUREAU, name)
        here = [one for one in found if text.key(region) in map(text.key, _names(one.region))]
        if found and not here:
            raise Wrong(REGION, region, OTHER_REGION.format(name, region))
        return self._only(here, BUREAU, name)

    def _only(self, found: list[Organisation], column: str, said: str) -> Organisation:
        if len(found) != 1:
            raise Wrong(column, said, (SEVERAL_BUREAUS if found else UNKNOWN_BUREAU).format(said))
        bureau = found[0]
        if not self.record_type.is_filed_at(bureau.region.level):
            raise Wrong(column, said, NOT_FILED.format(bureau.name, self.record_type.label))
        return bureau


def _names(region: Region) -> set[str]:
    """Return what a region is called: with and without its city, the city itself also as its 市本级."""
    names = {region.full_name, region.name}
    return names | {f"{region.name}本级", f"{region.name}市直"} if region.level != Level.COUNTY else names
