"""Reading the page of a filing and pressing its buttons, as a person at the workbench does."""

from django.urls import reverse

from portal import drafts
from portal.models import Event, Filing
from portal.vocabulary import State
from tests import factories


def page(client, user, filing, **params):
    factories.sign_in(client, user)
    answer = client.get(reverse("filing", args=[filing.pk]), params)
    assert answer.status_code == 200
    return answer


def act(client, user, filing, action, **data):
    """Press a button on the page as it is now; ``data`` lays over what the page would send.

    A return has a reason unless ``data`` says otherwise.
    """
    factories.sign_in(client, user)
    now = Filing.objects.get(pk=filing.pk)
    reason = {"reason": ["incomplete"]} if action == "return" else {}
    sent = {"action": action, "version": now.version, "step": now.step, "comment": "", **reason, **data}
    return client.post(reverse("filing-act", args=[filing.pk]), sent)


def acts(filing) -> list[str]:
    return list(Event.objects.filter(filing_id=filing.pk).order_by("number").values_list("action", flat=True))


def words(answer) -> dict[str, str]:
    return {line.name: line.text for _, lines in answer.context["sheet"].sections for line in lines}


def rewritten(filing, **values):
    """Change a draft as its bureau does."""
    record = Filing.objects.get(pk=filing.pk).record
    return drafts.save(record, by=factories.filer(filing.region_id), revision=record.revision, values=values)


def returned_and_rewritten():
    filing = factories.filing("skill-brands", State.RETURNED)
    rewritten(filing, name="潍坊未提交品牌（演示）", advantage_people="尚未提交的人数。")
    return filing
