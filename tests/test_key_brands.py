"""市级劳务品牌建设重点: 3 to 5 a city and year, whoever asks when (鲁就办〔2021〕22号 二（一）)."""

import importlib
from collections import Counter
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import catalogue, snapshot
from portal.models import Event, Message
from portal.vocabulary import ExitReason, Role
from portal.workflow import Refused
from tests.campaigning import get, post, said
from tests.factories import (
    DOCUMENT,
    KUIWEN,
    PROVINCE,
    WEIFANG,
    approver,
    auditor,
    entry,
    filer,
    joint,
    person,
    publisher,
    reviewer,
    sign_in,
    stranger,
    sysadmin,
)
from tests.races import kinds, race
from workforce import key_brands
from workforce.models import KeyBrand

pytestmark = pytest.mark.django_db

KIND, YEAR = "labour-brands", timezone.localdate().year
REASON = "演示理由：调整培育方向。"
FULL = (
    f"潍坊市{YEAR}年已确定 5 个市级劳务品牌建设重点，不能再增加"
    "（鲁就办〔2021〕22号 二（一）：每市3至5个）。确需调整的，请先取消一个。"
)


def brands(number: int, place: str = WEIFANG, **facts) -> list:
    """Return so many labour brands in force of one city."""
    return [entry(KIND, place=place, name=f"潍坊演示家政{n}", **facts) for n in range(number)]


def named(entries, year: int = YEAR) -> list[KeyBrand]:
    """Let the city of the entries fix them for a year."""
    return [key_brands.designate(one, year=year, by=reviewer(one.region_id[:4])) for one in entries]


def refusal(one, **facts) -> str:
    """Return the sentence a designation is refused with."""
    with pytest.raises(Refused) as refused:
        key_brands.designate(one, **{"year": YEAR, "by": reviewer(), **facts})
    return str(refused.value)


def test_the_citys_reviewer_fixes_a_published_brand_and_it_is_an_event_of_the_filing():
    (one,) = brands(1)

    key = key_brands.designate(one, year=2024, by=reviewer(), document_number=DOCUMENT)

    assert (key.city_id, key.year, key.place, key.code, key.designated_by) == (
        WEIFANG,
        2024,
        1,
        one.code,
        reviewer(),
    )
    event = one.filing.events.last()
    assert (event.action, event.comment) == ("designate", f"2024年市级劳务品牌建设重点 {DOCUMENT}")
    told = Message.objects.filter(user=filer(), text__contains="建设重点").values_list("text", flat=True)
    assert list(told) == [f"“{one.title}”已确定为2024年市级劳务品牌建设重点。"]


def test_the_citys_approver_may_too_and_a_brand_of_a_county_counts_for_its_city():
    (one,) = brands(1, KUIWEN)

    key = key_brands.designate(one, year=YEAR, by=approver(WEIFANG))

    assert key.city_id == WEIFANG


@pytest.mark.parametrize(
    "who", [filer, publisher, approver, lambda: reviewer(PROVINCE), lambda: person(Role.PUBLISHER, WEIFANG)]
)
def test_nobody_else_fixes_one(who):
    (one,) = brands(1)

    assert refusal(one, by=who()) == "市级劳务品牌建设重点由所属市的审核、审批岗位确定。"
    assert KeyBrand.objects.count() == 0


def test_a_sixth_is_refused_in_words_and_the_filing_keeps_no_trace():
    *five, sixth = brands(6)
    named(five)
    before = sixth.filing.events.count()

    assert refusal(sixth) == FULL
    assert key_brands.counts(YEAR)[WEIFANG] == 5
    assert sixth.filing.events.count() == before


def test_the_same_brand_holds_one_place_a_year_and_one_in_another_year():
    (one,) = brands(1)
    named([one])

    assert refusal(one) == f"这个品牌已是{YEAR}年市级劳务品牌建设重点。"
    assert named([one], 2024)[0].place == 1


@pytest.mark.parametrize("year", [2020, YEAR + 1, 0])
def test_a_year_before_the_notice_or_to_come_is_refused(year):
    (one,) = brands(1)

    assert refusal(one, year=year) == "年度要在2021年至今年之间。"


def test_a_brand_that_left_the_catalogue_or_a_number_that_is_none_is_refused():
    gone, one = brands(2)
    catalogue.exit(gone, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)

    assert refusal(gone) == "只有现行目录中的劳务品牌可以确定为建设重点。"
    assert refusal(one, document_number="12号").startswith("文号要写成")


def test_a_place_that_was_given_up_is_given_again():
    five = brands(6)
    keys = named(five[:5])

    key_brands.withdraw(keys[1], by=reviewer(), reason=REASON)
    again = key_brands.designate(five[5], year=YEAR, by=reviewer())

    assert again.place == 2
    event = five[1].filing.events.last()
    assert (event.action, event.comment) == ("undesignate", f"取消{YEAR}年市级劳务品牌建设重点：{REASON}")


def test_one_given_up_stays_with_its_time_and_can_be_fixed_again():
    (one,) = brands(1)
    (key,) = named([one])
    between = timezone.now()
    key_brands.withdraw(key, by=reviewer(), reason=REASON)
    (again,) = named([one])

    assert (key.place, again.place) == (1, 1)
    assert [list(KeyBrand.objects.held_at(at)) for at in (between, timezone.now())] == [[key], [again]]


def test_giving_one_up_needs_the_reason_and_the_city():
    (key,) = named(brands(1))
    sentences = []

    for by, reason in ((reviewer(), " "), (reviewer("3708"), REASON)):
        with pytest.raises(Refused) as refused:
            key_brands.withdraw(key, by=by, reason=reason)
        sentences.append(str(refused.value))

    assert sentences == [
        "请写明取消的理由，写入流转记录。",
        "市级劳务品牌建设重点由所属市的审核、审批岗位确定。",
    ]


@pytest.mark.parametrize("place", [0, 6])
def test_the_database_itself_knows_no_sixth_place(place):
    with pytest.raises(IntegrityError), transaction.atomic():
        KeyBrand.objects.create(
            city_id=WEIFANG, year=YEAR, place=place, code="LB-3707-0001", designated_by=reviewer()
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_for_the_fifth_place_at_once_one_gets_it():
    entries = brands(6)
    named(entries[:4])
    first, second = reviewer(), approver(WEIFANG)

    outcomes = []
    for _ in range(10):
        outcomes += race([YEAR], asking(entries[4], first), asking(entries[5], second))
        KeyBrand.objects.filter(place=5).delete()

    assert Counter(map(tuple, map(kinds, outcomes))) == {("KeyBrand", "Refused"): 10}


def asking(one, by):
    """Return a runner that fixes a brand for a year."""
    return lambda year: key_brands.designate(one, year=year, by=by)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_while_there_is_room_both_get_a_place():
    entries = brands(2)

    (outcome,) = race([YEAR], asking(entries[0], reviewer()), asking(entries[1], approver(WEIFANG)))

    assert sorted(key.place for key in outcome) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_control_of_two_who_count_first_both_find_room_for_the_fifth():
    entries, both_have_looked = brands(4), Barrier(2)
    named(entries)

    def careless(year: int) -> bool:
        count = KeyBrand.objects.filter(city=WEIFANG, year=year).count()
        both_have_looked.wait(timeout=60)
        return count < 5

    assert race([YEAR], careless, careless) == [(True, True)]


def test_the_public_page_shows_the_years_and_a_renewed_text_keeps_them(client):
    (one,) = brands(1)
    named([one], 2023)
    named([one], 2024)

    page = client.get(reverse("catalogue-entry", args=[KIND, one.code])).content.decode()

    assert [f"{year}年市级建设重点" in page for year in (2022, 2023, 2024)] == [False, True, True]


def test_counts_name_all_sixteen_cities():
    named(brands(2))

    counts = key_brands.counts(YEAR)

    assert (len(counts), counts[WEIFANG], sum(counts.values())) == (16, 2, 2)


def test_fewer_than_three_is_marked_for_the_province_and_warned_of_in_the_city(client):
    named(brands(2))

    overview = get(client, publisher(), "key-brands", year=YEAR)
    city = get(client, reviewer(), "key-brands", year=YEAR).content.decode()

    rows = {row["city"].pk: (row["number"], row["standing"][1]) for row in overview.context["rows"]}
    assert len(rows) == 16
    assert (rows[WEIFANG], rows["3701"]) == ((2, "少于 3 个"), (0, "少于 3 个"))
    assert "16 个市少于 3 个" in overview.content.decode()
    assert "现有 2 个，少于 3 个" in city


def test_three_to_five_are_in_order():
    assert [key_brands.standing(number)[1] for number in range(6)] == ["少于 3 个"] * 3 + ["符合3至5个"] * 3


READERS = {
    "the city's reviewer": (reviewer, 200, 1, True),
    "the city's filer": (filer, 200, 1, False),
    "a county of the city": (lambda: filer(KUIWEN), 200, 1, False),
    "a joint department of the province": (joint, 200, 16, False),
    "the province": (lambda: reviewer(PROVINCE), 200, 16, False),
    "the auditor": (auditor, 200, 16, False),
}


@pytest.mark.parametrize(("who", "status", "rows", "acts"), READERS.values(), ids=READERS)
def test_the_page_shows_each_reader_his_cities(client, who, status, rows, acts):
    brands(1)

    answer = get(client, who(), "key-brands")

    assert (answer.status_code, len(answer.context["rows"]), bool(answer.context["own"])) == (
        status,
        rows,
        acts,
    )


READ_ONLY = {
    "a county": (lambda: filer(KUIWEN), [200, 422, 404]),
    "another city": (lambda: reviewer("3708"), [200, 422, 404]),
    "the province": (lambda: reviewer(PROVINCE), [200, 422, 404]),
    "nobody's post": (stranger, [404, 404, 404]),
    "the system administrator": (sysadmin, [404, 404, 404]),
}


@pytest.mark.parametrize(("who", "expected"), READ_ONLY.values(), ids=READ_ONLY)
def test_whose_city_it_is_not_changes_nothing(client, who, expected):
    one, other = brands(2)
    (key,) = named([one])
    user = who()

    answers = [
        get(client, user, "key-brands"),
        post(client, user, "key-brand-designate", entry=other.pk, year=YEAR),
        post(client, user, "key-brand-withdraw", key.pk, reason=REASON),
    ]

    assert [answer.status_code for answer in answers] == expected
    assert KeyBrand.objects.count() == 1


def test_a_click_fixes_and_another_gives_up(client):
    (one,) = brands(1)

    first = post(client, reviewer(), "key-brand-designate", entry=one.pk, year=2024, document_number=DOCUMENT)
    key = KeyBrand.objects.get()
    without = post(client, reviewer(), "key-brand-withdraw", key.pk, reason="")
    second = post(client, reviewer(), "key-brand-withdraw", key.pk, reason=REASON)

    assert said(first) == [f"《{one.title}》已确定为2024年市级劳务品牌建设重点，公开页立即显示。"]
    assert (first.url, without.status_code, second.url) == (
        "/desk/key-brands/?year=2024",
        422,
        "/desk/key-brands/?year=2024",
    )
    assert KeyBrand.objects.standing().count() == 0


def test_a_refused_form_keeps_what_was_typed(client):
    (one,) = brands(1)

    answer = post(client, reviewer(), "key-brand-designate", entry=one.pk, year=YEAR, document_number="12号")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert ('value="12号"' in page, f'value="{one.pk}" selected' in page) == (True, True)


def test_a_brand_of_another_city_cannot_be_chosen(client):
    (one,) = brands(1)

    answer = post(client, reviewer("3708"), "key-brand-designate", entry=one.pk, year=YEAR)

    assert answer.status_code == 422
    assert "请选择一个劳务品牌。" in answer.content.decode()


def test_the_page_costs_the_same_for_one_three_and_five(client):
    entries, counts = brands(5), []
    sign_in(client, publisher())
    for upto in (1, 3, 5):
        named(entries[KeyBrand.objects.count() : upto])
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("key-brands"))
        counts.append(len(caught))

    assert counts[0] == counts[1] == counts[2]


def test_the_filings_record_says_it_in_words(client):
    (one,) = brands(1)
    (key,) = named([one])
    key_brands.withdraw(key, by=reviewer(), reason=REASON)

    page = get(client, reviewer(), "filing", one.filing_id).content.decode()

    assert [words in page for words in ("列为市级建设重点", "取消市级建设重点")] == [True, True]


def test_a_version_with_the_two_former_fields_is_still_read():
    (one,) = brands(1)
    taken = snapshot.take(one.filing.record)
    taken["values"] |= {"is_key_project": True, "key_project_year": 2024}

    again = snapshot.rebuilt(one.filing.record_type, taken)

    assert (again.name, hasattr(again, "is_key_project")) == (one.title, False)


def test_the_former_fields_of_the_form_become_places_and_never_a_sixth():
    *marked, unmarked = brands(7)
    migration = importlib.import_module("workforce.migrations.0007_key_brands_of_the_form")

    placed = migration.places({one.filing_id: 2024 for one in marked}, [unmarked, *marked])

    assert list(placed) == [(one, WEIFANG, 2024, number) for number, one in enumerate(marked[:5], 1)]


def test_verification_finds_a_place_held_by_no_brand():
    (key,) = named(brands(1))
    assert list(key_brands.faults()) == []

    KeyBrand.objects.filter(pk=key.pk).update(code="SB-3707-0001")

    assert list(key_brands.faults()) == [
        f"市级劳务品牌建设重点 {key.pk}：SB-3707-0001 不是该市公布的劳务品牌。"
    ]
    assert Event.objects.filter(action="designate").count() == 1


def test_the_list_of_labour_brands_leads_there(client):
    pages = {
        user.username: reverse("key-brands") in get(client, user, "filing-list", KIND).content.decode()
        for user in (reviewer(), sysadmin())
    }

    assert list(pages.values()) == [True, False]
