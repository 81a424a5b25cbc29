"""Who sees what: planted filings all over the province, and the exact set each person meets."""

import pytest
from django.db import connection
from django.db.models.functions import Collate

from portal import queue, scope
from portal.models import Filing, Region
from portal.scope import within
from portal.vocabulary import Kind, Level, Role, State
from tests.factories import (
    KUIWEN,
    PROVINCE,
    WEIFANG,
    act,
    add_post,
    approver,
    auditor,
    bureau,
    draft,
    filer,
    filing,
    joint,
    person,
    publisher,
    reviewer,
    secadmin,
    stranger,
    submitted,
    sysadmin,
)

pytestmark = pytest.mark.django_db

# In each a draft and a submitted filing: two counties of 潍坊, a zone, the city, the next city, two 市中区.
PLACES = [KUIWEN, "370702", "3707Z01", WEIFANG, "3708", "370103", "370402"]


@pytest.fixture
def planted() -> set[str]:
    """Plant a draft and a submitted filing everywhere."""
    for place in PLACES:
        submitted("skill-brands", place=place, name=f"演示剪纸{place}已提交")
        draft("skill-brands", place=place, name=f"演示剪纸{place}草稿")
    return {f"{place}{stage}" for place in PLACES for stage in ("已提交", "草稿")}


def seen(user) -> set[str]:
    """Return what ``user`` meets of what was planted, e.g. ``{"370705草稿"}``."""
    titles = Filing.objects.visible_to(user).filter(kind="skill-brands").values_list("title", flat=True)
    return {title.removeprefix("演示剪纸") for title in titles}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        pytest.param(lambda: filer(KUIWEN), {"370705已提交", "370705草稿"}, id="county filer"),
        pytest.param(lambda: filer("370703"), set(), id="filer of the county between"),
        pytest.param(lambda: filer("3707Z01"), {"3707Z01已提交", "3707Z01草稿"}, id="zone filer"),
        pytest.param(
            lambda: reviewer(WEIFANG),
            {"370705已提交", "370702已提交", "3707Z01已提交", "3707已提交", "3707草稿"},
            id="city reviewer",
        ),
        pytest.param(lambda: reviewer("3708"), {"3708已提交", "3708草稿"}, id="reviewer of the next city"),
        pytest.param(lambda: reviewer("3706"), set(), id="reviewer of the city before"),
        pytest.param(lambda: filer("370103"), {"370103已提交", "370103草稿"}, id="市中区 of 济南"),
        pytest.param(lambda: filer("370402"), {"370402已提交", "370402草稿"}, id="市中区 of 枣庄"),
        pytest.param(lambda: reviewer("3701"), {"370103已提交"}, id="reviewer of 济南"),
        pytest.param(
            lambda: joint(WEIFANG),
            {"370705已提交", "370702已提交", "3707Z01已提交", "3707已提交"},
            id="joint city",
        ),
        pytest.param(sysadmin, set(), id="system administrator"),
        pytest.param(secadmin, set(), id="security administrator"),
        pytest.param(stranger, set(), id="stranger"),
    ],
)
def test_a_person_sees_exactly_what_lies_in_his_scope(planted, person, expected):
    assert seen(person()) == expected


@pytest.mark.parametrize(
    "person",
    [lambda: reviewer(PROVINCE), approver, publisher, joint, auditor],
    ids=["reviewer", "approver", "publisher", "joint department", "auditor"],
)
def test_the_province_sees_all_that_was_submitted_and_no_draft_of_others(planted, person):
    assert seen(person()) == {name for name in planted if name.endswith("已提交")}


def test_a_service_centre_does_not_see_the_drafts_of_its_bureau(planted):
    centre = person(Role.FILER, WEIFANG, Kind.SERVICE_CENTRE)

    assert seen(centre) == {"370705已提交", "370702已提交", "3707Z01已提交", "3707已提交"}


def test_a_person_with_two_posts_sees_what_either_post_sees(planted):
    add_post(filer(KUIWEN), Role.FILER, "370402")

    assert seen(filer(KUIWEN)) == {"370705已提交", "370705草稿", "370402已提交", "370402草稿"}


def test_a_person_files_for_his_own_bureaus_alone(planted):
    assert {f.title for f in Filing.objects.editable_by(filer(KUIWEN))} == {"演示剪纸370705草稿"}
    assert set(Filing.objects.editable_by(reviewer(WEIFANG))) == set()


def test_what_waits_is_the_own_drafts_for_a_filer_and_the_queue_of_the_desk_for_a_reviewer(planted):
    at_the_province = act(Filing.objects.get(title="演示剪纸3707已提交"), "endorse", reviewer(WEIFANG))

    waiting = {
        user.username: {f.title.removeprefix("演示剪纸") for f in queue.filings("todo", user)}
        for user in (filer(KUIWEN), reviewer(WEIFANG), reviewer(PROVINCE), auditor())
    }

    assert list(waiting.values()) == [
        {"370705草稿"},
        {"370705已提交", "370702已提交", "3707Z01已提交"},
        {at_the_province.title.removeprefix("演示剪纸")},
        set(),
    ]


def test_what_is_to_be_published_waits_for_the_publisher_of_the_route():
    brand, unit = filing("skill-brands", State.APPROVED), filing("building-units", State.APPROVED)
    city, elsewhere = publisher(WEIFANG), publisher("3708")

    waiting = {
        user: list(Filing.objects.to_publish(user)) for user in (publisher(), city, elsewhere, reviewer())
    }

    assert {user: {f.pk for f in filings} for user, filings in waiting.items()} == {
        publisher(): {brand.pk, unit.pk},
        city: {unit.pk},
        elsewhere: set(),
        reviewer(): set(),
    }


# The other one is what PostgreSQL sorts by in a database made with a Chinese locale.
@pytest.mark.parametrize("collation", ["binary", "other"])
def test_a_region_holds_what_lies_below_it_whatever_the_database_sorts_by(collation):
    names = {"sqlite": ("BINARY", "NOCASE"), "postgresql": ("C", "und-x-icu")}[connection.vendor]
    sorted_so = Region.objects.annotate(place=Collate("code", names[collation == "other"]))

    codes = list(Region.objects.values_list("code", flat=True))

    below = {code: sorted_so.filter(within("place", code)).values_list("code", flat=True) for code in codes}

    expected = {code: {other for other in codes if other.startswith(code)} for code in codes}
    assert {code: set(found) for code, found in below.items()} == expected


def test_two_districts_of_one_name_are_two_bureaus():
    jinan, zaozhuang = bureau("370103"), bureau("370402")

    assert (jinan.region.name, zaozhuang.region.name) == ("市中区", "市中区")
    assert (jinan.region.full_name, zaozhuang.region.full_name) == ("济南市市中区", "枣庄市市中区")


@pytest.mark.parametrize(
    ("post", "level", "place", "sits"),
    [
        ((Role.REVIEWER, WEIFANG), Level.CITY, KUIWEN, True),
        ((Role.FILER, WEIFANG), Level.CITY, KUIWEN, False),
        ((Role.JOINT_REVIEWER, WEIFANG, Kind.AGRICULTURE), Level.CITY, KUIWEN, False),
        ((Role.REVIEWER, WEIFANG), Level.PROVINCE, KUIWEN, False),
        ((Role.REVIEWER, "3708"), Level.CITY, KUIWEN, False),
    ],
    ids=["all four", "another post", "another department", "another level", "another place"],
)
def test_who_sits_at_a_desk_has_the_post_the_department_the_level_and_the_place(post, level, place, sits):
    assert scope.sits_at(person(*post), level, {Role.REVIEWER, Role.JOINT_REVIEWER}, place) is sits
