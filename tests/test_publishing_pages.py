"""The catalogue from the workbench: publish, amend, exit, and how each goes wrong."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal import catalogue, registry
from portal.models import CatalogueEntry, Filing
from portal.vocabulary import BrandLevel, ExitReason, Role, State
from tests import factories
from tests.pages import acts, page, returned_and_rewritten, rewritten

pytestmark = pytest.mark.django_db
TYPES = [pytest.param(t, id=t.slug) for t in registry.all_types()]


def publish(client, user, filing, **data):
    factories.sign_in(client, user)
    sent = {
        "document_number": factories.DOCUMENT,
        "on": str(timezone.localdate()),
        "level": BrandLevel.MUNICIPAL,
    }
    return client.post(reverse("publish", args=[filing.pk]), {**sent, **data})


@pytest.mark.parametrize("record_type", TYPES)
def test_the_publication_page_shows_what_will_be_public_and_nothing_else(client, record_type):
    filing = factories.approved(record_type)
    factories.sign_in(client, factories.publisher())

    answer = client.get(reverse("publish", args=[filing.pk]))

    labels = [str(record_type.field(name).verbose_name) for name in record_type.public]
    assert [label for label, _ in answer.context["lines"]] == labels
    for name in record_type.personal:
        assert getattr(filing.record, name) not in answer.content.decode()


def test_a_publisher_publishes_and_the_public_finds_it(client):
    filing = factories.approved("skill-brands")

    answer = publish(client, factories.publisher(), filing, level=BrandLevel.PROVINCIAL)

    entry = CatalogueEntry.objects.get(filing=filing)
    assert (answer.status_code, answer.url, entry.level) == (302, "/desk/?tab=publish", "provincial")
    client.logout()
    public = client.get(reverse("catalogue-entry", args=[entry.kind, entry.code]))
    assert filing.title in public.content.decode()


def test_an_amendment_keeps_the_level_whatever_the_form_says(client):
    old = factories.entry("skill-brands")
    record = catalogue.amend(old, by=factories.filer())
    for action, by, arguments in factories.road(record, State.APPROVED):
        record = factories.act(record, action, by, **arguments)

    refused = publish(client, factories.publisher(), record, level=BrandLevel.PROVINCIAL)
    answer = publish(client, factories.publisher(), record)

    said = "这一条现为市级，变更不改变级别；级别由择优选拔公布。"
    assert (refused.status_code, refused.context["refusal"]) == (422, said)
    assert refused.context["levels"] == [("municipal", "市级")]
    assert (answer.status_code, CatalogueEntry.objects.get(filing=record).level) == (302, "municipal")


def test_what_waits_for_publication_is_counted_in_the_navigation_of_its_publisher(client):
    factories.approved("skill-brands")
    factories.approved("labour-brands")

    client.force_login(factories.publisher())

    assert client.get("/desk/").context["waiting"] == "2"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"document_number": "鲁人社字[2024]95号"}, "文号要写成"),
        ({"document_number": ""}, "文号要写成"),
        ({"document_number": "鲁" * 100 + "〔2024〕95号"}, "文号"),
        ({"on": "明天"}, "日期要写成"),
        ({"on": "2024-02-30"}, "日期要写成"),
        ({"on": "9999-12-31"}, "日期不能晚于今天"),
        ({"level": "national"}, "级别只能是市级或省级"),
        ({"level": ""}, "请选择级别"),
    ],
)
def test_a_wrong_fact_of_publication_is_told_and_the_rest_is_kept(client, wrong, sentence):
    filing = factories.approved("skill-brands")

    answer = publish(
        client, factories.publisher(), filing, **{"document_number": "演示文〔2024〕7号", **wrong}
    )

    assert answer.status_code == 422
    assert sentence in answer.context["refusal"]
    kept = wrong.get("document_number", "演示文〔2024〕7号")
    assert f'value="{kept}"' in answer.content.decode()
    assert CatalogueEntry.objects.filter(filing=filing).count() == 0


def test_who_decided_reads_that_another_must_publish(client):
    filing = factories.approved("skill-brands")
    factories.add_post(factories.approver(), Role.PUBLISHER, "37")
    factories.sign_in(client, factories.approver())

    answer = client.get(reverse("publish", args=[filing.pk]))

    assert answer.context["reason"] == "审核结论是您作出的，须由另一人公布。"
    assert '<button class="full btn seal"' not in answer.content.decode()
    assert publish(client, factories.approver(), filing).status_code == 422


def test_a_publication_on_a_page_that_is_out_of_date_is_a_conflict(client):
    filing = factories.approved("skill-brands")
    step = filing.step
    factories.act(filing, "reopen", factories.approver(), comment="复核。")
    factories.act(filing, "approve", factories.approver())

    answer = publish(client, factories.publisher(), filing, step=step)

    assert answer.status_code == 409
    assert CatalogueEntry.objects.filter(filing=filing).count() == 0


def test_the_publication_page_of_what_was_sent_back_does_not_name_what_was_not_sent(client):
    filing = returned_and_rewritten()
    factories.sign_in(client, factories.publisher())

    shown = client.get(reverse("publish", args=[filing.pk])).content.decode()

    assert ("未提交" in shown, "审核通过后才能公布。" in shown) == (False, True)


@pytest.mark.parametrize(
    "somebody", [factories.filer, factories.reviewer, factories.joint, factories.auditor]
)
def test_publishing_and_exit_are_not_there_for_other_posts(client, somebody):
    filing = factories.approved("skill-brands")
    entry = factories.entry("skill-brands", name="潍坊风筝品牌（演示）")

    assert publish(client, somebody(), filing).status_code == 404
    assert client.get(reverse("publish", args=[filing.pk])).status_code == 404
    assert client.get(reverse("exit", args=[entry.code])).status_code == 404
    assert client.post(reverse("exit", args=[entry.code])).status_code == 404


def test_the_bureau_opens_an_amendment_once(client):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, factories.filer())

    first = client.post(reverse("amend", args=[entry.code]))
    second = client.post(reverse("amend", args=[entry.code]))

    draft = Filing.objects.get(amends=entry.filing)
    assert (first.status_code, first.url) == (302, reverse("filing-edit", args=[draft.pk]))
    assert (second.status_code, second.url) == (302, reverse("filing", args=[entry.filing_id]))
    shown = page(client, factories.filer(), entry.filing)
    assert (shown.context["amends"], shown.context["amendment"].pk) == (False, draft.pk)


@pytest.mark.parametrize(
    "somebody", [factories.reviewer, factories.publisher, lambda: factories.filer("370705")]
)
def test_only_the_bureau_amends_its_entry(client, somebody):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, somebody())

    assert client.post(reverse("amend", args=[entry.code])).status_code == 404
    assert Filing.objects.filter(amends=entry.filing).count() == 0


def test_a_published_amendment_keeps_the_code_and_ends_the_old_text(client):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, factories.filer())
    client.post(reverse("amend", args=[entry.code]))
    draft = Filing.objects.get(amends=entry.filing).record
    rewritten(draft, advantage_people="演示数据。人数已更新。")
    for action, by, arguments in factories.road(draft, State.APPROVED):
        factories.act(draft, action, by, **arguments)

    answer = publish(client, factories.publisher(), draft)

    assert answer.status_code == 302
    assert CatalogueEntry.objects.get(filing=draft).code == entry.code
    assert page(client, factories.filer(), entry.filing).context["word"] == "已由变更替换"


def exit_sent(**data) -> dict:
    sent = {
        "reason": ExitReason.VOLUNTARY,
        "document_number": "演示文〔2025〕3号",
        "on": str(timezone.localdate()),
    }
    return {**sent, **data}


def test_an_entry_leaves_with_its_reason_and_its_page_stays(client):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, factories.publisher())

    answer = client.post(reverse("exit", args=[entry.code]), exit_sent(comment="自愿。"))

    assert (answer.status_code, answer.url) == (302, reverse("filing", args=[entry.filing_id]))
    assert acts(entry.filing)[-1] == "exit"
    client.logout()
    tombstone = client.get(reverse("catalogue-entry", args=[entry.kind, entry.code]))
    assert "退出目录" in tombstone.content.decode()
    factories.sign_in(client, factories.publisher())
    assert "终止" in client.get(reverse("exit", args=[entry.code])).content.decode()
    assert client.post(reverse("exit", args=[entry.code]), exit_sent()).status_code == 422


def test_an_exit_on_a_page_that_is_out_of_date_is_a_conflict(client):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, factories.publisher())
    form = client.get(reverse("exit", args=[entry.code])).content.decode()
    read = dict(re.findall(r'<input type="hidden" name="(entry|step)" value="([0-9]+)">', form))
    amendment = catalogue.amend(entry, by=factories.filer())
    for action, by, arguments in factories.road(amendment, State.APPROVED):
        amendment = factories.act(amendment, action, by, **arguments)
    later = factories.publish(amendment)
    later.filing.refresh_from_db()

    answers = [
        client.post(reverse("exit", args=[entry.code]), exit_sent(**sent))
        for sent in (read, {**read, "entry": later.pk, "step": 1})
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert int(read["step"]) == later.filing.step  # the step alone would not tell the two apart
    assert CatalogueEntry.objects.exclude(exit_reason="").count() == 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reason": ""}, "请选择退出原因"),
        ({"reason": "x\x00"}, "请选择退出原因"),
        ({"reason": "merged"}, "请选择退出原因"),
        ({"document_number": "3号"}, "文号要写成"),
        ({"on": "x"}, "日期要写成"),
        ({"on": str(timezone.localdate() - timedelta(days=9))}, "退出日期不能早于公布日期"),
        ({"comment": f"说明在此。{'长' * 99_995}"}, "意见最多 2000 字，现在有 100000 字"),
    ],
)
def test_a_wrong_fact_of_an_exit_is_told_and_the_rest_is_kept(client, wrong, sentence):
    entry = factories.entry("skill-brands")
    factories.sign_in(client, factories.publisher())

    answer = client.post(reverse("exit", args=[entry.code]), exit_sent(**{"comment": "说明在此。", **wrong}))

    assert (answer.status_code, sentence in answer.context["refusal"]) == (422, True)
    assert "说明在此。" in answer.content.decode()
    assert "并入其他条目" not in answer.content.decode()
    assert CatalogueEntry.objects.in_force().filter(pk=entry.pk).count() == 1


def test_a_code_that_nobody_holds_is_not_found(client):
    factories.sign_in(client, factories.publisher())

    assert client.get("/desk/catalogue/SB-3707-9999/exit/").status_code == 404


def test_the_page_of_what_is_never_published_says_so_and_offers_nothing(client):
    filing = factories.approved("project-training-returns")
    factories.sign_in(client, factories.publisher())

    shown = client.get(reverse("publish", args=[filing.pk])).content.decode()

    words = ("报表和零报送只报不公布。", "公开页将显示的内容", "到公布", "tab=publish", "查看全部填报内容")
    assert [word in shown for word in words] == [True, False, False, False, True]
