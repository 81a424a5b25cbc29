"""Sheets of building units for the measurements of imports: seventeen columns, one of them a long text.

Seeded and invented; the same rows whoever reads them.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from portal import registry
from portal.offers import offer
from portal.sheets import layout
from workforce.models import LabourBrand

UNIT = registry.get("building-units")
WORDS = (
    "围绕劳务品牌建设要求，组织面向农村转移劳动力、登记失业人员和高校毕业生的技能培训，建立培训台账，与用工企业签订"
    "输出协议，开展跟踪服务和权益维护，培训合格率和就业率逐年提高，带动当地居民增收，品牌影响力不断扩大，演示数据。"
)
CITY, OTHER, MARK = "3707", "另一", "新"
FIRST = date(2015, 1, 1)


def header() -> list[str]:
    """Return the headers of the sheet."""
    return [column.header for column in layout(UNIT)[0].columns]


def offered() -> dict[str, LabourBrand]:
    """Return the brands that units of this city may name."""
    return offer(LabourBrand, UNIT.model(region_id=CITY), ()).objects


def rows(number: int, *, changed: int = 0, bad: int = 0, other: int = 0) -> Iterator[list]:
    """Yield lines of cells; every ``changed``-th has another text, every ``bad``-th a wrong choice.

    With ``other`` the units have other names.
    """
    chance = random.Random(7)
    times = Counter(LabourBrand.objects.values_list("title", flat=True))
    titles = sorted(brand.title for brand in offered().values() if times[brand.title] == 1)
    kinds = [str(label) for _, label in UNIT.field("unit_type").choices]
    modes = [str(label) for _, label in UNIT.field("training_mode").choices]
    services = [str(label) for _, label in UNIT.field("services").options]
    for n in range(number):
        start = chance.randrange(len(WORDS))
        text = (WORDS * 5)[start : start + chance.randrange(300, 450)]
        day = FIRST + timedelta(days=chance.randrange(3000))
        yield [
            f"演示{OTHER if other else ''}建设单位{n}有限公司",
            chance.choice(titles),
            "没有这一种" if bad and n % bad == 0 else chance.choice(kinds),
            chance.choice(["是", "否"]),
            "",
            f"演示{chance.randrange(500)}",
            f"演示路{chance.randrange(9000)}号",
            day,
            f"演示{chance.randrange(500)}",
            f"0536{chance.randrange(10**6, 10**7)}",
            day + timedelta(days=400),
            f"演人社字〔2024〕{chance.randrange(300)}号",
            text + (MARK if changed and n % changed == 0 else ""),
            chance.choice(modes),
            "",
            "、".join(chance.sample(services, 2)),
            f"演示说明{n}",
        ]


def written(folder: Path, number: int, **how: int) -> Path:
    """Return the path of such a workbook; made once."""
    path = folder / f"units-{number}-{'-'.join(f'{k}{v}' for k, v in sorted(how.items()))}.xlsx"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        book = xlsxwriter.Workbook(path, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(UNIT.label)
        sheet.write_row(0, 0, header())
        for place, line in enumerate(rows(number, **how), 1):
            sheet.write_row(place, 0, line)
        book.close()
    return path


def changed(model) -> str:
    """Return how many units of ``model`` hold the other text."""
    return str(model.objects.filter(recognition_reason__endswith=MARK).count())
