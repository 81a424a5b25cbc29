"""Campaigns for tests, opened by real people of the province, with times relative to now."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from portal import campaigns, submission, windows
from portal.models import Campaign, CampaignDuty, Filing
from portal.vocabulary import State
from tests.factories import PROVINCE, WEIFANG, act, bureau, filer, filing, reviewer, road, sign_in

DAY = timedelta(days=1)
KIND, DOCUMENT = "skill-brands", "演示文〔2026〕1号"


def manager():
    """Return who opens campaigns: the reviewer of the province."""
    return reviewer(PROVINCE)


def campaign(name: str = "演示任务", *, places=None, opens=-10, due=10, **facts) -> Campaign:
    """Return a campaign that opened and is due so many days from now, owed by the bureaus at ``places``."""
    now = timezone.now()
    facts = {"kind": KIND, "document_number": DOCUMENT, "expects": "city", **facts}
    return campaigns.start(
        by=manager(),
        organisations=None if places is None else [bureau(place) for place in places],
        name=name,
        opens_at=now + opens * DAY,
        due_at=now + due * DAY,
        **facts,
    )


def duty(of: Campaign, place: str = WEIFANG) -> CampaignDuty:
    """Return the duty of the bureau at ``place``."""
    return of.duties.get(organisation__region_id=place)


def now_due(of: Campaign, **moved) -> Campaign:
    """Let the columns of a campaign be others, as time would: no test waits for a due time."""
    Campaign.objects.filter(pk=of.pk).update(**moved)
    return Campaign.objects.get(pk=of.pk)


def pass_due(of: Campaign) -> Campaign:
    """Let the due time of a campaign be yesterday."""
    return now_due(of, opens_at=timezone.now() - 30 * DAY, due_at=timezone.now() - DAY)


def nothing(of: Campaign, place: str = WEIFANG, state: str = State.CITY_REVIEW) -> Filing:
    """Return a zero report of the bureau at ``place`` that walked to ``state``."""
    record = submission.report_nothing(
        of, by=filer(place), organisation=bureau(place), explanation="本市没有需要报送的内容（演示）。"
    )
    for action, by, arguments in road(record, state)[1:]:
        record = act(record, action, by, **arguments)
    return record


def row(of: Campaign, place: str = WEIFANG, user=None) -> windows.Row:
    """Return a bureau's row on the board as ``user``, else the province, sees it."""
    rows = windows.board(of, user or manager())
    return next(one for one in rows if one.duty.organisation.region_id == place)


def answer(of: Campaign, state: str = State.PROVINCE_REVIEW, *, place: str = WEIFANG, **changes) -> Filing:
    """Return a filing of the bureau at ``place`` for a campaign that is the one due next."""
    if of.kind == KIND and place != WEIFANG:
        changes.setdefault("name", f"{bureau(place).region.short_name}特色品牌（演示）")
    record = filing(of.kind, State.DRAFT, place=place, **changes)
    assert record.campaign_id == of.pk
    for action, by, arguments in road(record, state):
        record = act(record, action, by, **arguments)
    return record


def get(client, user, page, /, *args, **params):
    """Return the answer to a person who opens a page."""
    sign_in(client, user)
    return client.get(reverse(page, args=args), params)


def post(client, user, page, /, *args, **data):
    """Return the answer to a person who sends a form."""
    sign_in(client, user)
    return client.post(reverse(page, args=args), data)


def said(answer) -> list[str]:
    """Return what the next page tells the person."""
    return [str(message) for message in answer.wsgi_request._messages]
