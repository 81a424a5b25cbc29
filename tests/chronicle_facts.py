"""What the filings of a chronicle say: random values and rows by record type, as plain data."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

YEARS = (2024, 2025, 2026)


def facts_of(kind: str, year: int, place: str, dice: random.Random) -> tuple[dict, tuple[dict, ...]]:
    """Return the values and child rows that one text of a filing says, beside what the example says."""
    if kind == "skill-brands":
        return {"direction": dice.choice(["food", "agriculture", "handicraft", "other"])}, ()
    if kind == "labour-brands":
        kinds = ["high_skill", "quality_service", "culture_tourism", "livelihood"]
        return {"brand_type": dice.choice(kinds), "worker_count": dice.randint(10, 9000)}, ()
    if kind == "exam-projects":
        return {"catalogue_class": dice.choice(["food", "planting", "handcraft", "other"])}, ()
    if kind == "building-units":
        kinds = ["leading_enterprise", "industry_association", "hr_agency", "ich_workshop", "other"]
        return {"unit_type": dice.choice(kinds)}, tuple(_performances(dice))
    if kind == "project-training-returns":
        return {"year": year}, tuple(_trainings(year, place, dice))
    if kind == "subsidy-reviews":
        return {"year": year}, tuple(_standards(year, dice))
    return {}, ()


def _performances(dice: random.Random) -> Iterator[dict]:
    for year in sorted(dice.sample(YEARS, dice.randint(1, 3))):
        numbers = {"trained_count": dice.randint(300, 900), "self_used_count": dice.randint(0, 500)}
        yield {"year": year, **numbers, "exported_count": dice.randint(0, 700), "certificate_count": None}


def _trainings(year: int, place: str, dice: random.Random) -> Iterator[dict]:
    for number in range(dice.randint(1, 4)):
        first = date(year, dice.randint(1, 11), dice.randint(1, 20))
        last = first + timedelta(days=dice.randint(0, 30))
        yield {
            "organizer_region": place if len(place) > 4 else None,
            "project_name": f"演示培训{dice.randint(1, 30)}",
            "target_scope": f"演示群体{number}",
            "trainee_count": dice.randint(1, 400),
            "held_text": f"{first.month}月{first.day}日-{last.month}月{last.day}日",
            "remark": "",
            "held_from": first,
            "held_to": last,
            "is_planned": dice.random() < 0.2,
        }


def _standards(year: int, dice: random.Random) -> Iterator[dict]:
    for number in range(1, dice.randint(2, 4)):
        old = dice.choice([None, dice.randint(100, 2000)])
        yield {
            "category": f"演示类别{number}",
            "level": dice.choice(["", "四级", "五级"]),
            "old_amount": old,
            "new_amount": dice.randint(2001, 4000),
            "unit": "per_person",
            "cap": None,
            "effective_on": f"{year}-05-01",
            "basis_document_number": "演示发〔2024〕1号",
        }
