"""After a test that commits the database is as it was installed, and its guards stand."""

import pytest
from django.db import IntegrityError, connection, transaction

from portal import guards
from portal.models import Event, Filing, Organisation
from portal.verify import database
from portal.vocabulary import State
from tests import retracing
from tests.emptying import INSTALLED
from tests.factories import filing

pytestmark = pytest.mark.django_db(transaction=True)


def told(rows: retracing.Rows) -> dict:
    """Return the rows themselves, or on SQLite how many there are: there they are loaded anew."""
    is_same = connection.vendor == "postgresql"
    return {name: lines if is_same else len(lines) for name, lines in rows.items() if lines}


def test_what_came_went_or_changed_is_taken_back_and_the_guards_stand():
    filing("skill-brands", State.PROVINCE_REVIEW)
    Organisation.objects.order_by("pk")[3:4].get().delete()
    Organisation.objects.update(name="改了的名称")
    INSTALLED.restore()

    assert told(retracing.read()) == told(INSTALLED.rows)
    assert (Filing.objects.count(), Organisation.objects.filter(name="改了的名称").count()) == (0, 0)
    filing("skill-brands", State.PROVINCE_REVIEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(number=7)


def test_guards_that_a_test_took_off_are_put_back():
    guards.remove(connection)
    assert list(database.missing_guards())

    INSTALLED.restore()

    assert (list(database.missing_guards()), told(retracing.read())) == ([], told(INSTALLED.rows))
