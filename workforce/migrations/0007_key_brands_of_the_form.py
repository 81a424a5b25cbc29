"""What stood in two fields of the form becomes a place of the city's year, for the brands in force."""

from collections import defaultdict

from django.db import migrations

MOST = 5


def places(marked, entries):
    """Yield (entry, city, year, place): first come, first placed, and never a sixth.

    ``marked`` is filing → year; ``entries`` are those in force, oldest first.
    """
    taken = defaultdict(int)
    for entry in entries:
        city, year = entry.region_id[:4], marked.get(entry.filing_id)
        if year and len(city) == len("3701") and taken[city, year] < MOST:
            taken[city, year] += 1
            yield entry, city, year, taken[city, year]


def move(apps, schema_editor):
    """Give each brand in force that was marked its place."""
    brands = apps.get_model("workforce", "LabourBrand")
    marked = brands.objects.filter(is_key_project=True, key_project_year__gte=2021)
    entries = apps.get_model("portal", "CatalogueEntry").objects.filter(kind="labour-brands", valid_to=None)
    years = dict(marked.values_list("pk", "key_project_year"))
    for entry, city, year, place in places(years, entries.order_by("valid_from", "pk")):
        apps.get_model("workforce", "KeyBrand").objects.create(
            city_id=city,
            year=year,
            place=place,
            code=entry.code,
            designated_by_id=entry.published_by_id,
            at=entry.published_at,
        )


class Migration(migrations.Migration):
    dependencies = [("workforce", "0006_key_brand"), ("portal", "0006_search_index")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
