"""The choices beside a list, over random entries and wishes: every count is what the list then shows."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from portal import browse, counting, hits, registry, search, shelves
from portal.models import CatalogueEntry, PeriodicReview, ReviewItem
from portal.vocabulary import ExitReason, Outcome
from tests import copies, factories

pytestmark = pytest.mark.django_db
KIND = registry.get("skill-brands")
REGIONS = ["37", "3701", "370102", "370103", "3707", "370705", "3707Z01", "3716"]
WORDS = ["剪纸", "风筝", "面塑"]
NAMES = ["", "剪纸", "风筝", "剪纸风筝", "老面塑"]
NUMBER = 40


@pytest.fixture(scope="module", params=[False, True], ids=["today", "odd-days"])
def facts(request, django_db_setup, django_db_blocker):
    """Make entries with random places, levels, facets, texts and exits; give what was decided for each."""
    with django_db_blocker.unblock(), transaction.atomic():
        dice = random.Random(2024)
        entries = copies.many_entries(NUMBER, KIND)
        review = _review()
        decided = [_decide(entry, dice, review, request.param) for entry in entries]
        search.rebuild()
        counting.rebuild()
        yield decided
        transaction.set_rollback(True)


def _review() -> PeriodicReview:
    by = factories.publisher()
    said = {"name": "演示审核", "year": 2024, "basis": "演示", "rule": "演示", "due_on": timezone.localdate()}
    return PeriodicReview.objects.create(
        kind=KIND.slug, organisation=factories.bureau("37"), opened_by=by, **said
    )


def _decide(entry: CatalogueEntry, dice: random.Random, review: PeriodicReview, is_odd: bool) -> dict:
    """Write random facts of one entry past the workflow, and return them."""
    found = {"region_id": dice.choice(REGIONS), "level": dice.choice(["municipal", "provincial"])}
    said = {"search_text": " ".join(dice.sample(WORDS, dice.randint(0, 2)))}
    gone = {"exit_reason": ExitReason.VOLUNTARY, "exit_document_number": factories.DOCUMENT}
    today = timezone.localdate()
    # no act enters a day to come, but a clock that was put back leaves some
    begins, ends = (today + timedelta(days=is_odd and dice.random() < share) for share in (0.1, 0.3))
    exits = gone | {"valid_to": ends, "ended_at": timezone.now()} if dice.random() < 0.3 else {}
    begins = today if exits else begins
    name = f"{dice.choice(NAMES)}{dice.choice(NAMES)}"
    CatalogueEntry.objects.filter(pk=entry.pk).update(
        **found, **said, **exits, valid_from=begins, name_key=name
    )
    chosen = {f.name: dice.choice([*f.words]) for f in browse.facets_of(KIND) if f.name != "level"}
    KIND.model.objects.filter(pk=entry.filing_id).update(**chosen)
    if is_late := dice.random() < 0.2:
        ReviewItem.objects.create(
            review=review, entry=entry, outcome=Outcome.RECTIFYING, rectify_until=today, decided_on=today
        )
    standing = {
        browse.EXITED: bool(exits),
        browse.IN_FORCE: begins <= today and (not exits or ends > today),
    }
    left = bool(exits) and ends >= today  # an exit after the decision overtakes it
    standing[browse.RECTIFYING] = standing[browse.IN_FORCE] and is_late and not left
    return {"pk": entry.pk, "stands": standing, "text": said["search_text"], **found, **chosen}


def wishes():
    """Return random wishes, as query strings express them."""
    parts = {f.name: some.lists(some.sampled_from([*f.words]), max_size=2) for f in browse.facets_of(KIND)}
    parts |= {
        "q": some.lists(some.sampled_from([*WORDS, "筝", "绢人"]), max_size=2).map(" ".join),
        "place": some.sampled_from(["", *REGIONS]),
        "status": some.sampled_from(["", *browse.STATUSES]),
        "sort": some.sampled_from(["", *browse.SORTS]),
    }
    return some.fixed_dictionaries(parts).map(_params)


def _params(wish: dict) -> QueryDict:
    params, place = QueryDict(mutable=True), wish.pop("place")
    params["county" if len(place) > 4 else "city"] = place
    for name, value in wish.items():
        params.setlist(name, value if isinstance(value, list) else [value])
    return params


def expected(facts: list[dict], wish: browse.Wish) -> set[int]:
    """Return the entries that fit a wish, worked out by hand."""
    return {fact["pk"] for fact in facts if _fits(fact, wish)}


def _fits(fact: dict, wish: browse.Wish) -> bool:
    inside = fact["region_id"] == "37" if wish.region == "37" else fact["region_id"].startswith(wish.region)
    said = all(word in fact["text"] for word in wish.q.split())
    chosen = all(fact[name] in values for name, values in wish.chosen.items())
    return inside and said and chosen and fact["stands"][wish.status or browse.IN_FORCE]


def leads_to(listing: browse.Listing, option: dict) -> int:
    """Return how many entries the list shows at the address of an option."""
    wish = browse.read_wish(KIND, QueryDict(option["query"].lstrip("?")))
    return browse.Listing(KIND, wish).entries().count()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(params=wishes())
def test_the_list_holds_what_was_asked_for_and_every_choice_what_it_says(facts, params):
    wish = browse.read_wish(KIND, params)
    listing = browse.Listing(KIND, wish)

    shown = set(listing.ordered().values_list("pk", flat=True))
    options = [option for facet in listing.facets for option in listing.options(facet)]
    options += [*listing.status_options(), *listing.cities(), *listing.counties()]

    assert shown == expected(facts, wish)
    fresh = [option for option in options if not option["is_chosen"]]
    alone = [option for option in fresh if not _adds(listing, option)]
    assert [(o["word"], o["count"]) for o in alone] == [(o["word"], leads_to(listing, o)) for o in alone]


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(params=wishes())
def test_the_pages_hold_the_whole_list_in_its_order(facts, is_large, params):
    listing = browse.Listing(KIND, browse.read_wish(KIND, params))
    plain = list(listing.ordered().values_list("pk", flat=True))

    with pytest.MonkeyPatch.context() as patch:
        if is_large:  # as if there were more than is read or gathered at once
            patch.setattr(hits, "MOST", 2)
            patch.setattr(hits, "NEAR", 3)
            patch.setattr(hits, "REACH", 5)
            patch.setattr(shelves, "FEW", 0)
            patch.setattr(listing, "_found", lambda start, number: common(listing, start, number))
        pages = [listing.page(start, 7) for start in range(0, NUMBER, 7)]

    assert [entry.pk for shown, _ in pages for entry in shown] == plain
    assert {isinstance(count, hits.AtLeast) or count == len(plain) for _, count in pages} == {True}
    assert all(count <= len(plain) for _, count in pages)


def common(listing: browse.Listing, start: int, number: int):
    """Show a page of a word although it lies deeper than common words are turned to."""
    if listing.all_hits is not None:
        return browse.Listing._found(listing, start, number)
    met = listing._met(start + number)
    entries = CatalogueEntry.objects.in_bulk([hit.pk for hit in met])
    return [entries[hit.pk] for hit in met[start : start + number]], hits.known(met, start + number)


def _adds(listing: browse.Listing, option: dict) -> bool:
    """Say whether an option adds to values already chosen of its facet: then both are shown."""
    wish = browse.read_wish(KIND, QueryDict(option["query"].lstrip("?")))
    return any(len(wish.chosen.get(f.name, ())) > 1 for f in listing.facets)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(params=wishes())
def test_a_wish_is_its_address_and_each_condition_can_be_taken_out(facts, params):
    wish = browse.read_wish(KIND, params)

    again = browse.read_wish(KIND, QueryDict(wish.query().lstrip("?")))
    ways = [(c["wish"], browse.read_wish(KIND, QueryDict(c["query"].lstrip("?")))) for c in removable(wish)]

    assert again == wish
    assert [other.pairs for _, other in ways] == [meant.pairs for meant, _ in ways]


def removable(wish: browse.Wish) -> list[dict]:
    return browse.Listing(KIND, wish).removable()
