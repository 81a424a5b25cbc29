"""What an import is held against: django-import-export by its documentation, tuned, and the bare rows.

``stock``: a ``ModelResource`` over the inherited model with its defaults, a widget for each kind of cell.
``tuned``: the same over one flat table (bulk writing knows no inherited ones) with ``use_bulk``,
``skip_diff``, a cached loader, look-ups read once, and uniqueness left to the loader.
"""

from datetime import datetime
from typing import Any

import tablib
from django.db import connection, models
from import_export import fields, instance_loaders, resources, widgets

from benchmarks import import_files
from benchmarks.import_files import CITY, UNIT
from doors.bench import VAR
from portal.models import ChoiceListField, Filing, User
from portal.models.sealed import Sealed
from portal.population import people
from portal.sheets import layout
from portal.vocabulary import Role
from workforce.models import LabourBrand

SHEETS = VAR / "sheets"
CHANGED, BAD = 100, 20
COLUMNS = layout(UNIT)[0].columns


class Words(widgets.Widget):
    """The words of choices, one or several, as codes."""

    def __init__(self, field: models.Field):
        options = field.options if isinstance(field, ChoiceListField) else field.choices
        self.codes, self.several = (
            {str(label): code for code, label in options},
            isinstance(field, ChoiceListField),
        )

    def clean(self, value, row=None, **kwargs):
        """Return the codes of a cell."""
        parts = [part for part in str(value or "").split("、") if part]
        if unknown := [part for part in parts if part not in self.codes]:
            raise ValueError(f"“{unknown[0]}”不是可选的内容。")
        if self.several:
            return [code for word, code in self.codes.items() if word in parts]
        return self.codes.get(str(value or ""), "")

    def render(self, value, obj=None, **kwargs):
        """Return the words of codes."""
        words = {code: label for label, code in self.codes.items()}
        return "、".join(words[v] for v in value) if self.several else words.get(value, "")


class Answer(widgets.BooleanWidget):
    """是 and 否."""

    TRUE_VALUES, FALSE_VALUES = ["是"], ["否"]


class Day(widgets.DateWidget):
    """A day; a workbook gives it as a moment, which would make every row look changed."""

    def clean(self, value, row=None, **kwargs):
        """Return the day of a cell."""
        return value.date() if isinstance(value, datetime) else super().clean(value, row, **kwargs)


class Brand(widgets.ForeignKeyWidget):
    """A brand by its title, asked for row by row as the documentation has it."""

    def __init__(self):
        super().__init__(LabourBrand, field="title")


class KnownBrand(Brand):
    """A brand by its title, all of them read once."""

    def clean(self, value, row=None, **kwargs):
        """Return the brand of a cell."""
        if not hasattr(self, "known"):
            self.known = {brand.title: brand for brand in import_files.offered().values()}
        return self.known[value] if value else None


def _widget(field: models.Field, brand: type[Brand]) -> widgets.Widget:
    """Return what reads the cells of a field, and asks the validators of the field as ours does."""
    widget = _plain(field, brand)
    clean = widget.clean

    def checked(value, row=None, **kwargs):
        found = clean(value, row, **kwargs)
        if found not in (None, "", []) and not field.is_relation:
            field.clean(found, None)
        return found

    widget.clean = checked
    return widget


def _plain(field: models.Field, brand: type[Brand]) -> widgets.Widget:
    if field.is_relation:
        return brand()
    if isinstance(field, ChoiceListField) or field.choices:
        return Words(field)
    if isinstance(field, models.BooleanField):
        return Answer()
    return Day() if isinstance(field, models.DateField) else widgets.CharWidget(allow_blank=True)


def _resource(model: type[models.Model], brand: type[Brand], **options: Any) -> type[resources.ModelResource]:
    own = {
        c.name: fields.Field(attribute=c.name, column_name=c.header, widget=_widget(c.field, brand))
        for c in COLUMNS
    }
    meta = {"model": model, "fields": [*own], "import_id_fields": ["name"], **options}
    return type("Units", (_Units,), {**own, "Meta": type("Meta", (), meta)})


class _Units(resources.ModelResource):
    """Units of one bureau."""

    def before_import(self, dataset, **kwargs) -> None:
        """Find the person and his bureau once."""
        self.by = User.objects.get(username=people.name_of(Role.FILER, CITY))
        self.bureau = self.by.posts[0].organisation

    def get_queryset(self):
        """Look among the units of the bureau only."""
        return super().get_queryset().filter(organisation=self.bureau)

    def before_save_instance(self, instance, row, **kwargs) -> None:
        """Say whose it is."""
        instance.organisation, instance.region_id, instance.created_by = self.bureau, CITY, self.by
        instance.kind, instance.title = UNIT.slug, instance.name


FLAT = "bench_unit"


def _taken(field: models.Field) -> models.Field:
    """Return a field for the flat table; a sealed one goes on to read what was sealed for its first table."""
    if not isinstance(field, Sealed):
        return field.clone()
    _, _, arguments, named = field.deconstruct()
    return type(field.__class__.__name__, (type(field),), {"place": field.place})(*arguments, **named)


def _flat_model() -> type[models.Model]:
    """Return an unmanaged model of one table with the columns that the two tables of a unit have together."""
    taken = {
        f.name: _taken(f) for f in UNIT.model._meta.concrete_fields if f.name not in ("id", "filing_ptr")
    }
    for field in taken.values():
        if field.is_relation:
            field.remote_field.related_name, field.db_constraint = "+", True
    inner = {"app_label": "workforce", "managed": False, "db_table": FLAT}
    inner["constraints"] = [
        models.UniqueConstraint(fields=["kind", "organisation", "title"], name="bench_unit_once")
    ]
    inner["indexes"] = [
        models.Index(fields=index.fields, name=f"bench_{index.name}"[:30])
        for index in Filing._meta.indexes
        if index.fields
    ]
    return type(
        "BenchUnit", (models.Model,), {**taken, "__module__": __name__, "Meta": type("Meta", (), inner)}
    )


FlatUnit = _flat_model()


def make_table() -> None:
    """Make the flat table."""
    with connection.schema_editor() as editor:
        editor.create_model(FlatUnit)


def take_over() -> None:
    """Fill the flat table with the units there are."""
    names = [f.column for f in FlatUnit._meta.concrete_fields if not f.primary_key]
    columns = ", ".join(map(connection.ops.quote_name, names))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {FLAT} ({columns}) SELECT {columns} FROM portal_filing "
            f"JOIN {UNIT.model._meta.db_table} ON filing_ptr_id = id"
        )


def _imported(kind: type[resources.ModelResource], number: int, *, dry: bool = False, **how: int):
    """Import a sheet as the documentation shows it, and return the result."""
    data = import_files.written(SHEETS, number, **how).read_bytes()
    dataset = tablib.Dataset().load(data, format="xlsx")
    return kind().import_data(dataset, dry_run=dry)


def _stock() -> type[resources.ModelResource]:
    return _resource(UNIT.model, Brand)


def _tuned() -> type[resources.ModelResource]:
    loader = instance_loaders.CachedInstanceLoader
    bulk = {"use_bulk": True, "batch_size": 1000, "skip_diff": True, "instance_loader_class": loader}
    return _resource(FlatUnit, KnownBrand, skip_unchanged=True, report_skipped=False, **bulk)


def stock(number: int) -> str:
    """All rows are new, with the defaults."""
    return str(_imported(_stock(), number, other=1).totals["new"])


def tuned(number: int) -> str:
    """All rows are new, tuned."""
    return str(_imported(_tuned(), number, other=1).totals["new"])


def stock_again(number: int) -> str:
    """Few rows are changed, with the defaults and what is unchanged skipped."""
    kind = _resource(UNIT.model, Brand, skip_unchanged=True)
    _imported(kind, number, changed=CHANGED)
    return import_files.changed(UNIT.model)


def tuned_again(number: int) -> str:
    """Few rows are changed, tuned."""
    _imported(_tuned(), number, changed=CHANGED)
    return import_files.changed(FlatUnit)


def stock_dry(number: int) -> str:
    """Some rows are wrong, with the defaults."""
    return _faulty(_imported(_stock(), number, dry=True, bad=BAD, other=1))


def tuned_dry(number: int) -> str:
    """Some rows are wrong, tuned."""
    return _faulty(_imported(_tuned(), number, dry=True, bad=BAD, other=1))


def _faulty(result) -> str:
    return str(len(result.row_errors()) + len(result.invalid_rows))


# --- The floor ----------------------------------------------------------------------------------------------

FURTHER = 100_000_000  # added to the numbers of the rows there are


def ready() -> list[tuple[str, list[str], Any]]:
    """Return (table, columns, rows ready for it) of as many units as there are, under other names."""
    return [_ready(meta, key) for meta, key in ((Filing._meta, "id"), (UNIT.model._meta, "filing_ptr_id"))]


def _ready(meta, key: str) -> tuple[str, list[str], Any]:
    columns = [field.column for field in meta.local_concrete_fields]
    quote = connection.ops.quote_name
    other = {key: f"{quote(key)} + {FURTHER}", "title": "'另' || title", "name": "'另' || name"}
    chosen = ", ".join(other.get(column, quote(column)) for column in columns)
    unit = quote(UNIT.model._meta.db_table)
    units = f"(SELECT filing_ptr_id FROM {unit})"
    sql = f"SELECT {chosen} FROM {quote(meta.db_table)} WHERE {quote(key)} IN {units}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY ({sql}) TO STDOUT") as copy:
                return meta.db_table, columns, b"".join(map(bytes, copy))
        cursor.execute(sql)
        return meta.db_table, columns, cursor.fetchall()


def floor(number: int, found: list[tuple[str, list[str], Any]]) -> str:
    """Write rows that are ready."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, columns, rows in found:
            names = ", ".join(map(quote, columns))
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
                    copy.write(rows)
            else:
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})", rows)
    return str(UNIT.model.objects.filter(pk__gt=FURTHER).count())
