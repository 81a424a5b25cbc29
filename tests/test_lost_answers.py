"""The answer to a commit is lost: the file of what was carried out stays, that of what was not is gone."""

import re

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from portal.models import Attachment, Edition, Import, Registration
from tests import editing
from tests.retracing import stored
from tests.test_scanning import WAYS

pytestmark = pytest.mark.django_db(transaction=True)
NAMES_A_FILE = re.compile('INSERT INTO "portal_(attachment|import)"|UPDATE "portal_edition"')


class Line:
    """The line to the database, which can break at the commit of what names a file."""

    def __init__(self):
        self.names_a_file = self.is_away = self.stays_away = self.carries_out = False
        self._commit = connection._commit

    def watch(self, execute, sql, params, many, context):
        """Note what a statement writes; fail while the database is away."""
        if self.is_away:
            raise OperationalError("the database is away")
        self.names_a_file |= bool(NAMES_A_FILE.search(sql))
        return execute(sql, params, many, context)

    def commit(self) -> None:
        """Carry a commit out, but for that of what names a file: its answer is lost in any case."""
        if not self.names_a_file:
            return self._commit()
        self.names_a_file = False
        if self.carries_out:
            self._commit()
        self.is_away = self.stays_away
        raise OperationalError("the answer was lost")


@pytest.fixture
def line(monkeypatch) -> Line:
    editing.prepared()
    found = Line()
    monkeypatch.setattr(connection, "_commit", found.commit)
    with connection.execute_wrapper(found.watch):
        yield found


def lying() -> set[str]:
    """Return the names of all files that lie there."""
    return {str(path.relative_to(settings.MEDIA_ROOT)) for path in stored()}


def named() -> set[str]:
    """Return the names of all files that a row knows."""
    known = [
        *Attachment.objects.values_list("file", "display"),
        *Import.objects.values_list("file", "plan"),
        *Edition.objects.values_list("file"),
        *Registration.objects.values_list("document"),
    ]
    return {name for names in known for name in names if name}


@WAYS
def test_the_file_of_what_was_carried_out_stays(way, line):
    before, line.carries_out = named(), True

    with pytest.raises(OperationalError, match="lost"):
        way(b"")

    assert (lying() == named(), named() > before) == (True, True)


@WAYS
def test_the_file_of_what_was_not_carried_out_is_gone(way, line):
    before = named()

    with pytest.raises(OperationalError, match="lost"):
        way(b"")

    assert lying() == named() == before


@WAYS
def test_while_the_database_is_away_every_file_stays_and_that_is_logged(way, line, caplog):
    before, line.carries_out, line.stays_away = named(), True, True

    with pytest.raises(OperationalError, match="lost"):
        way(b"")
    line.is_away = False

    kept = next(iter(named() - before))
    told = [said.getMessage() for said in caplog.records if said.name == "portal.attachments"]
    assert (lying() == named(), len(told)) == (True, 1)
    assert told[0].startswith("Files are kept, for a row may name them: ") and kept in told[0]
