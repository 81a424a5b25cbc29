"""Taking back an act: never past what came after it, an amendment or an update of the same filing."""

import pytest

from portal import catalogue, drafts, workflow
from portal.models import Filing
from portal.vocabulary import ExitReason, State
from tests.factories import COMMENT, DOCUMENT, act, approver, entry, filer, filing, publish, publisher, road

pytestmark = pytest.mark.django_db
SIBLING = "恢复为草稿现在不能办理：这一条已另有一份变更或更新。"
OVERTAKEN = "撤销结论现在不能办理：已有一件更新在办，或已替换它。"


def walked(record: Filing, state: str = State.APPROVED) -> Filing:
    for action, by, arguments in road(record, state):
        record = act(record, action, by, **arguments)
    return record


def an_approved_return(**changes) -> Filing:
    return filing("project-training-returns", State.APPROVED, **changes)


def take_back(record: Filing) -> None:
    act(record, "reopen", approver(), comment=COMMENT)


def test_a_cancelled_amendment_comes_back_only_while_there_is_no_other():
    old = entry("skill-brands")
    cancelled = act(catalogue.amend(old, by=filer()), "cancel", filer())
    other = walked(catalogue.amend(old, by=filer()))

    with pytest.raises(workflow.Refused, match=SIBLING):
        act(cancelled, "reopen", filer())

    publish(other)
    with pytest.raises(workflow.Refused, match=SIBLING):
        act(cancelled, "reopen", filer())


def test_a_cancelled_amendment_comes_back_only_while_its_entry_is_in_force():
    old = entry("skill-brands")
    cancelled = act(catalogue.amend(old, by=filer()), "cancel", filer())
    assert act(cancelled, "reopen", filer()).state == State.DRAFT
    act(cancelled, "cancel", filer())
    facts = {"reason": ExitReason.VOLUNTARY, "document_number": DOCUMENT}
    catalogue.exit(old, by=publisher(), **facts)

    with pytest.raises(workflow.Refused, match="恢复为草稿现在不能办理：原条目已不在现行目录中。"):
        act(cancelled, "reopen", filer())


def test_an_approved_amendment_of_an_entry_that_left_can_still_be_taken_back():
    old = entry("skill-brands")
    waiting = walked(catalogue.amend(old, by=filer()))
    catalogue.exit(old, by=publisher(), reason=ExitReason.VOLUNTARY, document_number=DOCUMENT)

    take_back(waiting)

    assert Filing.objects.get(pk=waiting.pk).state == State.PROVINCE_REVIEW


def test_a_cancelled_update_of_a_return_comes_back_only_while_there_is_no_other():
    first = an_approved_return()
    cancelled = act(drafts.update(first, by=filer()), "cancel", filer())
    drafts.update(first, by=filer())

    with pytest.raises(workflow.Refused, match=SIBLING):
        act(cancelled, "reopen", filer())


@pytest.mark.parametrize("state", [State.DRAFT, State.APPROVED])
def test_a_return_is_not_taken_back_from_under_its_update(state):
    first = an_approved_return()
    walked(drafts.update(first, by=filer()), state)

    with pytest.raises(workflow.Refused, match=OVERTAKEN):
        take_back(first)


def test_an_update_that_is_taken_back_lets_the_return_before_it_stand_again():
    first = an_approved_return()
    update = walked(drafts.update(first, by=filer()))

    take_back(update)

    assert [record.pk for record in Filing.objects.standing()] == [first.pk]


def test_an_update_is_not_taken_back_when_the_name_of_the_return_before_it_is_taken():
    first = an_approved_return(year=2024)
    update = drafts.update(first, by=filer())
    told = {"by": filer(), "revision": update.revision, "values": {"year": 2023}}
    update = walked(drafts.save(update, **told))
    other = filing("project-training-returns", State.DRAFT, year=2024)

    with pytest.raises(workflow.Refused, match="本单位已有同名的填报"):
        take_back(update)

    kept = Filing.objects.filter(holds_name=True).exclude(pk=other.pk)
    assert [(record.pk, record.state) for record in kept] == [(update.pk, State.APPROVED)]
