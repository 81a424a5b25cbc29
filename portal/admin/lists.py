"""What lists of filings are made of: titles and words as their reader may see them, cities within reach."""

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from portal import browse, reading, snapshot
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

    def get_queryset(self, request, exclude_parameters=None):
        """Leave out what another bureau is changing where a filter asks for words of the text."""
        found = super().get_queryset(request, exclude_parameters)
        asked = {name.split("__")[0] for name in request.GET}
        by_text = asked & set(self.model.record_type.facets)
        return reading.without_unsent(found, request.user) if by_text else found

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


def searched(filings: QuerySet, user: User, said: str) -> QuerySet:
    """Return the filings that hold every word of ``said`` in bureau, code or the title ``user`` reads."""
    for word in browse.search_words(said):
        about = Q(organisation__name__icontains=word) | Q(entry__code__icontains=word)
        filings = filings.filter(about | reading.titled(word, user))
    return filings


def column(record_type: RecordType, name: str, user: User):
    """Return the column of a list that shows ``user`` the field ``name`` in its printed words."""
    field = record_type.field(name)
    sortable = not field.is_relation and not isinstance(field, ChoiceListField)

    order = reading.in_order(name, user) if sortable else None

    @admin.display(description=field.verbose_name, ordering=order, empty_value="")
    def shown(record):
        sent = None if record.is_own else record.sent
        return _words(sent, name) if sent else snapshot.shown(record, name)

    shown.__name__ = name
    return shown


def _words(sent: dict, name: str) -> str:
    fields = [item for section in sent["sections"] for item in section["fields"]]
    return next((item["text"] for item in fields if item["name"] == name), "")
