"""Helpers of the tests of the administration: addresses, staff, filings of any bureau."""

from django.urls import reverse

from portal.models import Filing, Membership, Organisation, Region, User
from tests import factories

ADMINISTRATION = {User, Membership, Organisation, Region}


def url(model, page: str, *args) -> str:
    """Return the address of one page of the administration of ``model``."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def staff(user: User) -> User:
    """Make ``user`` one of the staff."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


def enter(client, user: User):
    """Sign ``user`` in as one of the staff and return the client."""
    client.force_login(staff(user))
    return client


def submitted(record_type, place: str, **changes) -> Filing:
    """Return a submitted filing of any bureau: with a word of explanation, authorised for its own place."""
    if "authorizations" in record_type.rows:
        row = {"project": "演示剪纸制作", "region": Region.objects.get(pk=place).name}
        changes["authorizations"] = [row]
    return factories.submitted(record_type, place=place, explanation="演示说明", **changes)


def told(response) -> list[str]:
    """Return the messages of a page."""
    return [str(message) for message in response.context["messages"]]


def listed(response) -> set[str]:
    """Return the titles of a list."""
    return {record.title for record in response.context["cl"].result_list}
