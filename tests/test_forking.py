"""A process that a test forks has no connection in common with the one that tests."""

import os

import pytest
from django.db import connection, connections

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_forked_process_opens_connections_of_its_own():
    connection.ensure_connection()
    child = os.fork()
    if child == 0:
        os._exit(len(connections.all(initialized_only=True)))

    _, status = os.waitpid(child, 0)

    assert (status, connection.is_usable()) == (0, True)
