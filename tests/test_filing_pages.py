"""The filer's pages over HTTP: begin a filing, fill in its form, send what does not fit."""

import re

import pytest
from django.db.models import QuerySet
from django.urls import reverse

from portal import drafts, registry
from portal.models import Filing
from portal.vocabulary import State
from tests.factories import COMMENT, KUIWEN, PROVINCE, add_post, draft, filer, filing, reviewer, submitted
from tests.typed import page, save, stored, typed

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(record_type, id=record_type.slug) for record_type in registry.all_types()]
NAME = "潍坊风筝扎制品牌（演示）"


@pytest.fixture
def desk(client):
    """Return a client at which the filer of 潍坊 is signed in."""
    client.force_login(filer())
    return client


# ---- beginning


def test_a_city_begins_any_type_and_each_has_its_sentence(desk):
    content = desk.get(reverse("filing-new")).content.decode()

    assert [t.label for t in registry.all_types() if f'<h2 class="l">{t.label}</h2>' not in content] == []
    assert "12 个栏目，经市级审核后报省级审核，通过后公布进目录。" in content


def test_the_province_begins_nothing_that_ends_at_the_city(client):
    client.force_login(filer(PROVINCE))

    assert client.get(reverse("filing-new", args=["skill-brands"])).status_code == 200
    assert client.get(reverse("filing-new", args=["building-units"])).status_code == 404
    assert client.post(reverse("filing-new", args=["building-units"])).status_code == 404
    assert Filing.objects.count() == 0


def test_who_files_nothing_finds_no_such_page(client):
    client.force_login(reviewer())

    answers = [client.get(reverse("filing-new")), client.post(reverse("filing-new", args=["skill-brands"]))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert Filing.objects.count() == 0


@pytest.mark.parametrize("record_type", TYPES)
def test_every_description_that_a_field_names_stands_on_the_page(desk, record_type):
    content = desk.get(page("filing-edit", draft(record_type))).content.decode()

    named = {name for names in re.findall(r'aria-describedby="([^"]*)"', content) for name in names.split()}
    assert named - set(re.findall(r'\bid="([^"]*)"', content)) == set()


@pytest.mark.parametrize("record_type", TYPES)
def test_beginning_makes_a_draft_and_leads_to_its_form(desk, record_type):
    answer = desk.post(reverse("filing-new", args=[record_type.slug]))

    begun = Filing.objects.get(kind=record_type.slug)
    assert answer.url == page("filing-edit", begun)
    assert (begun.state, begun.organisation, begun.created_by) == (State.DRAFT, filer().organisation, filer())


def test_a_double_click_begins_one_draft(desk):
    first, second = (desk.post(reverse("filing-new", args=["skill-brands"])) for _ in range(2))

    assert first.url == second.url
    assert Filing.objects.count() == 1


def test_who_files_for_two_bureaus_says_for_which(client):
    user = filer(KUIWEN, name="two_bureaus")
    second = add_post(user, "filer", "370702").organisation
    client.force_login(filer(KUIWEN, name="two_bureaus"))

    client.post(reverse("filing-new", args=["skill-brands"]), {"organisation": second.pk})

    assert Filing.objects.get().organisation == second


def test_looking_at_the_pages_writes_nothing(desk):
    record = draft("skill-brands")
    before = list(Filing.objects.values())

    for name in ("filing-edit", "filing-check"):
        desk.get(page(name, record))
    desk.get(reverse("filing-new", args=["skill-brands"]))

    assert list(Filing.objects.values()) == before


# ---- the form


@pytest.mark.parametrize("record_type", TYPES)
def test_the_form_of_a_fresh_draft_opens_and_says_what_is_missing(desk, record_type):
    record = drafts.create(record_type, by=filer())

    content = desk.get(page("filing-edit", record)).content.decode()

    labels = [str(record_type.field(name).verbose_name) for name in record_type.fields]
    assert [label for label in labels if label not in content] == []
    assert (
        f'<a href="#q-{record_type.key[0]}">请填写{record_type.field(record_type.key[0]).verbose_name}。</a>'
        in content
    )


@pytest.mark.parametrize("record_type", TYPES)
def test_saving_the_form_as_it_is_shown_keeps_everything(desk, record_type):
    record = draft(record_type)
    before = {name: getattr(record, name) for name in record_type.columns}

    answer = save(desk, record)

    after = {name: getattr(stored(record), name) for name in record_type.columns}
    assert answer.url == page("filing-edit", record)
    assert {n: _plain(v) for n, v in after.items()} == {n: _plain(v) for n, v in before.items()}


def _plain(value):
    value = value.values_list("pk", flat=True) if hasattr(value, "values_list") else value
    return sorted(value) if isinstance(value, list | QuerySet) else value


def test_submit_saves_first_and_leads_to_the_check(desk):
    record = draft("skill-brands")

    answer = save(desk, record, name=NAME, then="check")

    assert (answer.url, stored(record).name) == (page("filing-check", record), NAME)


def test_what_fits_is_stored_and_what_does_not_stays_on_the_page(desk):
    record = draft("labour-brands")

    answer = save(desk, record, worker_count="六百人", industry="养老服务")

    assert (stored(record).industry, stored(record).worker_count) == ("养老服务", 1200)
    content = answer.content.decode()
    assert 'value="六百人"' in content
    assert "请填写整数，例如620。" in content
    assert "有 1 处需要修改，填写的内容都在下面的表里" in content
    assert f'name="revision" value="{stored(record).revision}"' in content


def test_after_a_mistake_the_corrected_form_can_be_saved(desk):
    record = draft("labour-brands")
    answer = save(desk, record, worker_count="六百人")

    revision = answer.context["record"].revision
    answer = desk.post(page("filing-edit", record), typed(record, worker_count="600", revision=str(revision)))

    assert (answer.status_code, stored(record).worker_count) == (302, 600)


def test_a_taken_name_is_said_and_the_rest_is_stored(desk):
    taken, record = draft("skill-brands"), draft("skill-brands", name=NAME)

    answer = save(desk, record, name=taken.name, direction="food")

    assert "本单位已有同名的填报，请换一个名称" in answer.content.decode()
    assert (stored(record).name, stored(record).direction) == (NAME, "food")


def test_a_returned_filing_shows_why_on_top(desk):
    record = filing("skill-brands", State.RETURNED)

    content = desk.get(page("filing-edit", record)).content.decode()

    assert f"<p>{COMMENT}</p>" in content
    assert "退回修改 · 第 2 版" in content


def test_one_row_more_without_a_script_keeps_what_is_typed(desk):
    record = draft("building-units")
    half = {"annual_performances-1-year": "2023", "more": "annual_performances"}

    content = save(desk, record, address="演示路9号", **half).content.decode()

    assert 'name="annual_performances-1-year" value="2023"' in content
    assert 'name="annual_performances-2-year"' in content
    assert stored(record).address == "演示路9号"


def test_what_is_submitted_is_read_and_not_edited(desk):
    record = submitted("skill-brands")

    assert desk.get(page("filing-edit", record)).url == page("filing", record)
    assert desk.get(page("filing-check", record)).url == page("filing", record)


@pytest.mark.parametrize("name", ["filing-edit", "filing-check", "filing-autosave"])
@pytest.mark.parametrize("who", [lambda: filer(KUIWEN), lambda: filer("3708"), reviewer])
def test_nobody_else_edits_or_submits_it(client, name, who):
    record = draft("skill-brands")
    sent = typed(record, name=NAME) | {"version": "1", "step": "0"}
    client.force_login(who())

    answer = client.post(page(name, record), sent)

    assert answer.status_code == 404
    assert (stored(record).name, stored(record).state) == (record.name, State.DRAFT)


@pytest.mark.parametrize("name", ["filing-edit", "filing-check"])
def test_a_stranger_is_led_to_sign_in(client, name):
    record = draft("skill-brands")

    assert client.get(page(name, record)).url == f"{reverse('login')}?next={page(name, record)}"
    assert client.post(page(name, record), {"name": NAME}).status_code == 302
    assert stored(record).name == record.name


# ---- bad input


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"advantage_people": "长" * 100_000}, id="100,000 characters"),
        pytest.param({"direction": "\x00"}, id="NUL as a choice"),
        pytest.param({"exam_projects": ["\x00", "9" * 40]}, id="made-up keys"),
        pytest.param({"initiatives": ["\x07"]}, id="control character in a list"),
    ],
)
def test_bad_input_changes_no_content_and_is_answered_in_words(desk, bad):
    record = draft("skill-brands")
    name = next(iter(bad))
    before = _plain(getattr(stored(record), name))

    answer = save(desk, record, **bad)

    assert answer.status_code == 200
    assert _plain(getattr(stored(record), name)) == before
    assert [error["name"] for error in answer.context["errors"]] == [name]


def test_control_characters_in_text_are_dropped_and_the_rest_is_stored(desk):
    record = draft("skill-brands")

    save(desk, record, name=f"\x00{NAME}\x1b", advantage_people="甲\x00乙\r\n丙\x0b")

    assert (stored(record).name, stored(record).advantage_people) == (NAME, "甲乙\n丙")


@pytest.mark.parametrize("revision", ["", "x", "-1", "٣", "9" * 40])
def test_a_broken_revision_overwrites_nothing(desk, revision):
    record = draft("skill-brands")

    answer = save(desk, record, name=NAME, revision=revision)

    assert (answer.status_code, stored(record).name) == (409, record.name)
