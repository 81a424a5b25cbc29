"""What lists of filings are made of: titles and words as their reader may see them, cities within reach."""

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import BooleanField, Case, QuerySet, Value, When

from portal import reading, snapshot
from portal.models import ChoiceListField, Region, User
from portal.registry import RecordType
from portal.scope import within
from portal.vocabulary import Level, Role


class CityFilter(admin.SimpleListFilter):
    """The cities within reach of the person's posts."""

    title, parameter_name = "设区的市", "city"

    def lookups(self, request, model_admin):
        """Return the cities, by code."""
        cities = Region.objects.filter(level=Level.CITY)
        found = [cities.filter(within("code", post.organisation.region_id)) for post in request.user.posts]
        return sorted({city for part in found for city in part.values_list("code", "name")})

    def queryset(self, request, queryset):
        """Narrow to one city; a code that is not offered narrows nothing."""
        offered = self.value() in dict(self.lookup_choices)
        return queryset.filter(within("region_id", self.value())) if offered else queryset


class AsRead(ChangeList):
    """A list in which every filing bears the title its reader may see."""

    def get_results(self, request):
        """Fetch the page and set the titles."""
        super().get_results(request)
        for record in self.result_list:
            record.title = reading.title_for(record, request.user)


def as_read(record_type: RecordType, user: User) -> QuerySet:
    """Return the filings of a type ``user`` may see, with all that a line of the list shows.

    Where another bureau is changing a filing, ``sent`` is the version last submitted and ``is_own`` is False.
    """
    own = [post.organisation_id for post in user.posts if post.role == Role.FILER]
    is_own = Case(
        When(organisation_id__in=own, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    fields = [record_type.field(name) for name in record_type.columns]
    single = [field.name for field in fields if field.is_relation and not field.many_to_many]
    many = [field.name for field in fields if field.many_to_many]
    visible = reading.with_sent(record_type.model.objects.visible_to(user)).annotate(is_own=is_own)
    related = visible.select_related("organisation__region", "region__parent", "entry", *single)
    return related.prefetch_related(*many)


def column(record_type: RecordType, name: str):
    """Return the column of a list that shows the field ``name`` in its printed words."""
    field = record_type.field(name)
    sortable = not field.is_relation and not isinstance(field, ChoiceListField)

    @admin.display(description=field.verbose_name, ordering=name if sortable else None, empty_value="")
    def shown(record):
        sent = None if record.is_own else record.sent
        return _words(sent, name) if sent else snapshot.shown(record, name)

    shown.__name__ = name
    return shown


def _words(sent: dict, name: str) -> str:
    fields = [item for section in sent["sections"] for item in section["fields"]]
    return next((item["text"] for item in fields if item["name"] == name), "")
