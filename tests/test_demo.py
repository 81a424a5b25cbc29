"""The demonstration: everything walked the workflow, everything is marked, everybody finds work."""

import io
import json
import stat

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from portal import (
    demo,
    demo_reports,
    differences,
    editions,
    queue,
    reference,
    registry,
    reports,
    schedules,
    successors,
    verify,
    windows,
)
from portal.models import (
    Campaign,
    CatalogueEntry,
    Copy,
    CreditRecord,
    Edition,
    Event,
    Filing,
    JointOpinion,
    Membership,
    Message,
    PeriodicReview,
    PreparedDecision,
    PublicNotice,
    Remark,
    Reminder,
    Report,
    ReportSchedule,
    SavedView,
    SelectionRound,
    User,
)
from portal.snapshot import take
from portal.vocabulary import State
from workforce import key_brands

pytestmark = pytest.mark.django_db

DATA = json.loads((reference.FIXTURES / demo.DATA).read_text(encoding="utf-8"))
SECRET = "demonstration-password"
# What the sample annexes name, and the samples themselves, which are to be uploaded.
NAMED_PROJECTS = ("风筝制作", "单县羊肉汤制作", "郓城壮馍制作")
NAMED_INSTITUTIONS = ("演示考核机构甲（单县）", "演示考核机构乙（郓城）")
TO_BE_UPLOADED = ("潍坊风筝扎制品牌（演示）", "单县羊汤师傅（演示）")


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker, tmp_path_factory):
    """Build the demonstration once for the module and undo it at its end; give (folder, what it said)."""
    folder, printed = tmp_path_factory.mktemp("var"), io.StringIO()
    own = override_settings(VAR=folder, MEDIA_ROOT=folder / "media")  # leave no file
    with django_db_blocker.unblock(), own, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_DEMO_PASSWORD", SECRET)
        with transaction.atomic():
            call_command("demo", stdout=printed)
            with_statistics()
            yield folder, printed.getvalue()
            transaction.set_rollback(True)


def with_statistics() -> None:
    """Let PostgreSQL plan by what is there, as it does after a commit: these rows are never committed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


@pytest.fixture
def var(tmp_path, settings):
    """A folder of its own for the password."""
    settings.VAR = tmp_path
    return tmp_path


def everything():
    """All rows the demonstration writes, as they are now."""
    tables = (User, Membership, Filing, Event, CatalogueEntry, Edition, Message)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def titles(filings):
    """The titles, sorted."""
    return sorted(filings.values_list("title", flat=True))


def title(item):
    """What the filing of a line of the file is called."""
    record_type = registry.get(item["type"])
    return record_type.model(**{record_type.key[0]: item["values"][record_type.key[0]]}).heading()


def test_without_a_given_password_one_is_made_and_kept(var, monkeypatch):
    monkeypatch.delenv("PORTAL_DEMO_PASSWORD", raising=False)
    secret = demo.password()
    assert len(secret) >= 12
    assert demo.password() == secret


def test_it_is_refused_where_demonstrations_are_switched_off(var):
    with override_settings(DEMO=False), pytest.raises(CommandError, match="演示数据已关闭"):
        call_command("demo")
    assert Filing.objects.count() == 0


def test_an_account_that_exists_is_not_taken_over(var):
    User.objects.create_user("jinan_filer", password="somebody-else", full_name="张三")
    with pytest.raises(CommandError, match="jinan_filer"):
        call_command("demo")
    assert User.objects.get().check_password("somebody-else")


def test_the_accounts_sign_in_with_the_password_that_is_printed_and_kept(built):
    folder, printed = built
    people = User.objects.filter(username__in=[account["username"] for account in DATA["accounts"]])
    assert [user.check_password(SECRET) for user in people] == [True] * len(DATA["accounts"])
    assert f"口令 password: {SECRET}\n" in printed
    assert (folder / "demo_password").read_text(encoding="utf-8") == f"{SECRET}\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.glob("demo_*")] == [0o600, 0o600]


def test_nobody_of_the_demonstration_must_change_the_password_and_all_are_marked(built):
    people = User.objects.filter(username__in=[a["username"] for a in DATA["accounts"]])
    assert set(people.values_list("must_change_password", flat=True)) == {False}
    assert [user.username for user in people if not user.full_name.endswith("（演示）")] == []
    assert sorted(user.username for user in people if not user.is_staff) == ["hanting_filer", "lixia_filer"]


def test_a_second_run_changes_nothing_and_says_so(built, capsys):
    before = everything()
    call_command("demo")
    assert capsys.readouterr().out == "演示数据已经有了，没有改动。\n"
    assert everything() == before


def test_every_row_is_marked_and_a_name_without_the_mark_has_its_source(built):
    assert Filing.objects.filter(is_demo=False).count() == 0
    named = [t.slug for t in registry.all_types() if t.key[0] == "name"]
    unmarked = Filing.objects.exclude(title__contains="演示").filter(kind__in=named)
    assert titles(unmarked.exclude(source__startswith="名称来源：http")) == []
    by_year = Filing.objects.exclude(kind__in=named)
    assert [f.title for f in by_year if "演示" not in json.dumps(take(f.record), ensure_ascii=False)] == []
    assert [e.code for e in CatalogueEntry.objects.all() if not e.document_number.startswith("演示")] == []


def test_each_filing_stands_where_the_file_says(built):
    states = {"submitted": "city_review", "endorsed": "province_review", "accepted": "province_review"}
    states |= {"returned_by_province": "returned", "published": "approved"}
    first = Filing.objects.filter(amends=None, is_nothing=False, edition_changes=None)
    assert sorted(first.values_list("kind", "title", "state")) == sorted(
        (item["type"], title(item), states.get(item["stage"], item["stage"])) for item in DATA["filings"]
    )


def test_the_second_edition_does_all_an_edition_can_do_and_the_next_one_is_in_preparation(built):
    first, second = Edition.objects.published().filter(kind="exam-projects").order_by("on")

    found = differences.between(first, second)

    named = [
        (c.verb, c.entry.title, getattr(c.after or c.successor, "title", ""))
        for c in found.changes
        if "（演示）" in c.entry.title
    ]
    assert named == [
        ("added", "面塑制作（演示）", "面塑制作（演示）"),
        ("adjusted", "麦秆画制作（演示）", "麦秆画制作（演示）"),
        ("renamed", "烙画制作（演示）", "葫芦烙画制作（演示）"),
        ("merged", "面花制作（演示）", "面塑制作（演示）"),
        ("merged", "面人制作（演示）", "面塑制作（演示）"),
        ("removed", "蜡果制作（演示）", ""),
    ]
    assert list(editions.faults()) == []
    assert Edition.objects.in_preparation().get().changes.count() == 2


def test_a_returned_brand_of_the_demonstration_is_offered_the_successor_of_its_project(built):
    record = Filing.objects.get(title="潍坊葫芦烙画品牌（演示）").record

    (gone,) = successors.dropped(record)
    assert (gone.successor.title, gone.kept) == ("葫芦烙画制作（演示）", "2023年版（节选，演示）")


def test_the_campaigns_run_now_and_their_bureaus_stand_in_every_state(built):
    user, today = User.objects.get(username="province_reviewer"), timezone.localdate()
    found = Campaign.objects.filter(is_demo=True).order_by("pk")

    boards = windows.boards(found)

    # a return is of the year it is filed for
    years = [f"{today.year}年", "2025年", f"{today.year}年", "2025年"]
    assert [campaign.name[:5] for campaign in found] == years
    assert [(campaign.due_at.date() - today).days for campaign in found] == [11, 25, 40, -3]
    standings = {row.standing for rows in boards.values() for row in rows}
    assert standings >= {"unfiled", "in_work", "filed", "filed_late", "returned", "nothing"}
    assert [campaign.duties.filter(extensions__isnull=False).count() for campaign in found] == [1, 0, 0, 0]
    assert sorted(set(Reminder.objects.values_list("by", flat=True))) == [user.pk]
    assert sorted(Filing.objects.filter(is_nothing=True).values_list("title", "is_late")) == [
        ("零报送：2025年补贴标准评估材料（演示）", True),
        *[("零报送：2025年项目制培训情况统计表（演示）", False)] * 3,
    ]


def test_the_states_of_a_filing_all_occur(built):
    assert set(Filing.objects.values_list("state", flat=True)) == set(State.values) - {State.CANCELLED}


def test_what_the_sample_annexes_name_is_in_force_and_the_samples_are_not_there(built):
    projects = registry.get("exam-projects").model.objects.in_force()
    institutions = registry.get("exam-institutions").model.objects.in_force()
    assert titles(projects.filter(title__in=NAMED_PROJECTS)) == sorted(NAMED_PROJECTS)
    assert titles(institutions.filter(title__in=NAMED_INSTITUTIONS)) == sorted(NAMED_INSTITUTIONS)
    assert Filing.objects.filter(title__in=TO_BE_UPLOADED).count() == 0


def test_the_real_project_names_carry_their_source_and_given_class(built):
    rows = reference.read(reference.FIXTURES / demo.SOURCED["exam-projects"])
    stored = {p.name: p for p in registry.get("exam-projects").model.objects.all()}
    assert [r["name"] for r in rows if stored[r["name"]].source != f"名称来源：{r['source_url']}"] == []
    given = {r["name"]: r["catalogue_class"] for r in rows if r["catalogue_class"]}
    assert {name: stored[name].catalogue_class for name in given} == given


@pytest.mark.parametrize(
    "username", ["weifang_filer", "weifang_reviewer", "jinan_reviewer", "province_reviewer"]
)
def test_somebody_finds_filings_waiting(built, username):
    assert queue.filings("todo", User.objects.get(username=username)).count() >= 2


@pytest.mark.parametrize("username", ["province_publisher", "weifang_publisher", "jinan_publisher"])
def test_a_publisher_finds_something_to_publish(built, username):
    assert Filing.objects.to_publish(User.objects.get(username=username)).count() >= 1


def test_three_brands_are_linked_all_the_way(built):
    brands = registry.get("skill-brands").model.objects.in_force()
    linked = brands.filter(
        exam_projects__isnull=False, institutions__isnull=False, labour_brands__units__isnull=False
    )
    assert titles(linked.distinct()) == [
        "济南鲁绣品牌（演示）",
        "淄博烧烤师傅品牌（演示）",
        "潍坊杨家埠年画品牌（演示）",
    ]


def test_one_brand_was_amended_under_its_code_and_one_has_left(built):
    brands = CatalogueEntry.objects.filter(kind="skill-brands")
    ended = brands.exclude(valid_to=None).order_by("exit_reason")
    assert [(e.title, e.exit_reason) for e in ended] == [
        ("济南平阴玫瑰品牌（演示）", ""),
        ("日照海鲜直播品牌（演示）", "voluntary"),
    ]
    assert brands.in_force().get(code=ended[0].code).valid_from == ended[0].valid_to


def test_one_review_ended_in_every_way_and_one_waits_for_figures(built):
    ended, under_way = PeriodicReview.objects.order_by("pk")

    assert [review.is_demo for review in (ended, under_way)] == [True, True]
    assert dict(ended.items.values_list("entry__title", "outcome")) == {
        "潍坊年画工坊有限公司（演示）": "kept",
        "寒亭木版雕刻有限公司（演示）": "rectifying",
        "寒亭年画包装印务有限公司（演示）": "exited",
    }
    assert under_way.frozen_at is None
    assert [under_way.items.filter(handed_in_at__isnull=none).exists() for none in (False, True)] == [
        True
    ] * 2
    assert sorted(one.lifted_at is None for one in CreditRecord.objects.all()) == [False, True]


def test_every_part_of_the_review_desk_has_something_to_show(built):
    remarks = Remark.objects.values_list("filing__title", "filing__state")
    assert sorted(set(remarks)) == [
        ("济南托育服务师（演示）", "returned"),
        ("潍坊高密剪纸品牌（演示）", "city_review"),
    ]
    answered = Remark.objects.answered()
    assert answered.count() == 2 and Remark.objects.open().count() == 2
    opinions = JointOpinion.objects.filter(organisation__kind="agriculture").order_by("pk")
    assert [opinion.conclusion for opinion in opinions] == ["", "reserves"]
    assert sorted(PreparedDecision.objects.values_list("action", flat=True)) == ["approve", "reject"]
    assert Copy.objects.count() == SavedView.objects.count() == 2
    with_findings = [event.action for event in Event.objects.order_by("pk") if "findings" in event.details]
    assert with_findings == ["endorse", "return"]
    held = Filing.objects.filter(holder__isnull=False, state__in=["city_review", "province_review"])
    assert len(set(held.values_list("holder__username", flat=True))) >= 3


def test_what_the_desk_says_in_the_demonstration_is_marked(built):
    said = [*Remark.objects.values_list("text", flat=True), *Copy.objects.values_list("note", flat=True)]
    said += [*Remark.objects.answered().values_list("reply", flat=True)]
    said += [*JointOpinion.objects.values_list("question", flat=True)]
    said += [*JointOpinion.objects.exclude(answered_at=None).values_list("opinion", flat=True)]
    said += [*PreparedDecision.objects.values_list("comment", flat=True)]
    said += [*SavedView.objects.values_list("name", flat=True)]

    assert [words for words in said if "演示" not in words] == []


def test_the_demonstration_keeps_every_invariant(built):
    assert list(verify.faults()) == []


def test_of_the_selection_rounds_one_was_conferred_one_is_being_scored_and_one_was_just_opened(built):
    found = SelectionRound.objects.order_by("pk")
    assert [(of.stage, of.is_demo, "演示" in of.name) for of in found] == [
        ("conferred", True, True),
        ("scoring", True, True),
        ("preparing", True, True),
    ]
    chosen = found[0].candidates.filter(is_chosen=True).values_list("entry__title", "entry__level")
    assert list(chosen) == [("烟台花饽饽品牌（演示）", "provincial")]
    assert [scorer.handed_in_at is not None for scorer in found[1].scorers.all()] == [True, False, False]


def test_of_the_notices_one_is_still_a_draft(built):
    drafts = PublicNotice.objects.filter(published_at=None)
    assert [(notice.record_kind, notice.is_demo) for notice in drafts] == [("handicraft-projects", True)]


def test_some_cities_have_fixed_their_key_brands(built):
    counts = key_brands.counts(timezone.localdate().year)
    assert {city: number for city, number in counts.items() if number} == {"3701": 1, "3711": 3}


def test_its_reports_are_made_and_its_schedules_wait(built):
    made = Report.objects.order_by("pk").values_list("slug", "region_id", "format", "status")

    assert list(made) == [(slug, region, format, "done") for _, slug, region, format in demo_reports.ASKED]
    assert all(report.rows and report.file for report in Report.objects.all())
    assert schedules.run_due() == []
    assert ReportSchedule.objects.filter(is_active=True).count() == len(demo_reports.SCHEDULED)


@pytest.mark.parametrize("who", ["province_reviewer", "weifang_reviewer"])
@pytest.mark.parametrize("slug", sorted(reports.kinds))
def test_the_numbers_on_the_page_of_each_report_are_what_is_behind_them(built, client, slug, who):
    client.force_login(User.objects.get(username=who))
    tables = client.get(f"/desk/reports/{slug}/").context["tables"]

    cells = [[c for line in table.lines for c in line["cells"] if c["url"]][:4] for table in tables]
    found = {c["url"]: c["text"] for few in cells for c in few}

    assert {url: str(client.get(url).context["sum"]) for url in found} == found
