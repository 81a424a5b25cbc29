"""Whether 公示 still keeps a filing from being published. Pure reads; the acts are ``notices``."""

from django.utils import timezone

from portal.models import Filing, NoticeItem, ObjectionStage
from portal.vocabulary import NoticeKind


def why_waiting(filing: Filing) -> str:
    """Return the sentence why 公示 keeps ``filing`` from publication today, empty when it does not.

    公示 is asked for by the campaign; once a filing stands in one, its period has to pass and every objection
    to be closed, whether it was asked for or not.
    """
    items = NoticeItem.objects.filter(
        filing_id=filing.pk,
        notice__kind=NoticeKind.PUBLICITY,
        notice__published_at__isnull=False,
        notice__withdrawn_at=None,
    )
    notices = [item.notice for item in items.select_related("notice")]
    if not notices:
        asked = filing.campaign_id and filing.campaign.needs_publicity
        return f"“{filing.campaign}”要求先公示，这份填报还没有公示过。" if asked else ""
    if running := [n for n in notices if n.ends_on >= timezone.localdate()]:
        return f"正在公示，{max(n.ends_on for n in running)} 期满后才能公布。"
    return _open_objections(filing, notices)


def _open_objections(filing: Filing, notices: list) -> str:
    """Return the sentence of objections to this filing, or to the whole list, that are not closed."""
    open_ones = 0
    for notice in notices:
        objections = notice.objections.exclude(stage=ObjectionStage.CLOSED)
        open_ones += sum(o.item_id is None or o.item.filing_id == filing.pk for o in objections)
    return f"公示收到的异议还有 {open_ones} 件未办结，办结后才能公布。" if open_ones else ""
