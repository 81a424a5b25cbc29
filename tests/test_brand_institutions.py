"""Which institutions a brand may name: those that may examine its projects in its own city (不得跨区域)."""

import pytest

from portal import rules
from portal.models import Filing
from tests.factories import KUIWEN, draft, entry

pytestmark = pytest.mark.django_db
PROJECT, OTHER, WEIFANG = "演示剪纸制作", "演示泥塑制作", "潍坊市"
CLAUSE = "鲁人社字〔2024〕95号 附件备注2"


def said(record: Filing) -> list[tuple[str, str]]:
    """Return what is wrong with the institutions of a record, with the clause."""
    found = [problem for problem in rules.problems(record) if problem.field == "institutions"]
    return [(problem.text, problem.clause) for problem in found]


def test_a_brand_chooses_institutions_that_examine_its_projects():
    entry("exam-projects", name=OTHER)
    for name, project in (("演示甲校", PROJECT), ("演示乙校", OTHER)):
        entry("exam-institutions", name=name, authorizations=[{"project": project, "region": WEIFANG}])

    record = draft("skill-brands", institutions=["演示甲校", "演示乙校"])

    assert said(record) == [("考核机构“演示乙校”没有获准考核所选项目。", CLAUSE)]


@pytest.mark.parametrize("place", ["3707", KUIWEN])
def test_an_institution_may_not_examine_a_project_in_a_city_for_which_it_is_authorised_for_another(place):
    entry("exam-projects", name=OTHER)
    given = [{"project": PROJECT, "region": "济南市"}, {"project": OTHER, "region": WEIFANG}]
    entry("exam-institutions", name="演示甲校", place="37", authorizations=given)

    record = draft("skill-brands", place=place, institutions=["演示甲校"])

    assert said(record) == [("考核机构“演示甲校”没有获准在潍坊市考核所选项目。", CLAUSE)]


@pytest.mark.parametrize("region", ["山东省", WEIFANG, "奎文区"])
def test_what_holds_for_the_province_the_city_or_a_county_of_it_is_no_matter_of_regions(region):
    given = [{"project": PROJECT, "region": region}]
    entry("exam-institutions", name="演示甲校", place="37", authorizations=given)

    assert said(draft("skill-brands", institutions=["演示甲校"])) == []
