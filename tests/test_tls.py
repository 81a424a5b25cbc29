"""Database and broker by TLS: their certificates are checked, and a misspelt word is no silent connection."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerAway

from doors import brokers, postgres
from portal.environment import broker_tls
from portal.settings import database
from tests import certificates
from tests.certificates import Certificates
from tests.programs import needs

HOST = "localhost"


@pytest.fixture
def made(tmp_path) -> Certificates:
    return certificates.make(tmp_path / "ours", HOST)


@pytest.fixture
def others(tmp_path) -> Certificates:
    return certificates.make(tmp_path / "others", HOST)


def test_the_address_of_the_database_says_what_libpq_is_told():
    found = database("postgres://a:b@db:5433/portal?sslmode=verify-full&sslrootcert=/etc/ca.pem")

    assert (found["HOST"], found["PORT"]) == ("db", "5433")
    assert found["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
    assert database("postgres://db/portal?host=/run/postgresql")["OPTIONS"] == {}


@pytest.mark.parametrize("query", ["ssl_mode=verify-full", "tls=1", "sslmode=verify-full&SSLROOTCERT=/x"])
def test_a_word_that_libpq_does_not_know_stops_the_start(query):
    with pytest.raises(ImproperlyConfigured, match="known are"):
        database(f"postgres://a:b@db/portal?{query}")


def test_a_broker_by_tls_is_asked_for_a_certificate_with_its_name():
    assert broker_tls("amqps://a:b@mq:5671/portal", "/etc/ca.pem") == {
        "ca_certs": "/etc/ca.pem",
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "mq",
    }
    assert broker_tls("rediss://mq:6380/0", "") == {
        "ssl_ca_certs": None,
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
    }
    in_the_clear = "amqp://mq/portal", "redis://mq/0", "filesystem://localhost/"
    assert {broker_tls(url, "/x") for url in in_the_clear} == {None}


def handed_over(made: Certificates, folder: Path, user) -> list[str]:
    """Copy certificate and key to where a server's account reads them; return both paths."""
    paths = [folder / name for name in ("server.pem", "server.key")]
    for source, path in zip((made.certificate, made.key), paths, strict=True):
        path.touch(mode=0o600)
        shutil.copyfile(source, path)
        os.chown(path, user.pw_uid, user.pw_gid)
    return [str(path) for path in paths]


@contextmanager
def postgresql(made: Certificates, folder: Path) -> Iterator[str]:
    """Run a PostgreSQL that takes TLS alone, and give the address of its database without TLS said."""
    programs, user, port = postgres.find_programs(), postgres.server_user(), brokers.free_port("127.0.0.1")
    with postgres.private_folder(folder, user) as home, (folder / "postgres.log").open("wb") as log:
        programs = postgres.within_reach(programs, home)
        postgres.create(programs, home / "data", user, log)
        certificate, key = handed_over(made, home, user)
        (home / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        words = ["fsync=off", "ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}", f"port={port}"]
        words += ["listen_addresses=127.0.0.1", f"unix_socket_directories={home}"]
        command = [programs / "postgres", "-D", home / "data", *(w for one in words for w in ("-c", one))]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=home, **postgres.as_user(user))
        try:
            postgres.wait_until_ready(process, home / "data" / "postmaster.pid", folder / "postgres.log")
            yield f"postgres://portal@{HOST}:{port}/portal"
        finally:
            postgres.stop(process)


def spoken(url: str) -> list[tuple]:
    """Return whether a connection to a database speaks TLS."""
    connection = ConnectionHandler({"default": database(url)})["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            return cursor.fetchall()
    finally:
        connection.close()


def test_the_database_is_asked_for_its_certificate(made, others, tmp_path, django_db_blocker):
    with postgresql(made, tmp_path) as url, django_db_blocker.unblock():
        assert spoken(f"{url}?sslmode=verify-full&sslrootcert={made.authority}") == [(True,)]

        for wrong in (f"sslrootcert={others.authority}", f"sslrootcert={tmp_path / 'nothing.pem'}"):
            with pytest.raises(OperationalError, match="certificate"):
                spoken(f"{url}?sslmode=verify-full&{wrong}")
        with pytest.raises(OperationalError, match="does not match host name"):
            spoken(f"{url.replace(HOST, '127.0.0.1')}?sslmode=verify-full&sslrootcert={made.authority}")
        with pytest.raises(OperationalError, match="no encryption"):
            spoken(f"{url}?sslmode=disable")


@contextmanager
def redis(made: Certificates, folder: Path) -> Iterator[int]:
    """Run a Redis that takes TLS alone, and give its port."""
    needs(shutil.which("redis-server") or "redis-server", wanted_by="PORTAL_REQUIRE_ALL")
    port = brokers.free_port("127.0.0.1")
    words = f"--port 0 --tls-port {port} --bind 127.0.0.1 --tls-auth-clients no --dir {folder}"
    words += (
        f" --tls-cert-file {made.certificate} --tls-key-file {made.key} --tls-ca-cert-file {made.authority}"
    )
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen(["redis-server", *words.split()], stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


def connected(url: str, authority: Path, times: int) -> bool:
    """Connect as Celery does, so many times; return whether it is."""
    with Connection(url, ssl=broker_tls(url, str(authority)), connect_timeout=5) as connection:
        connection.ensure_connection(max_retries=times, interval_start=0.1, interval_step=0.1)
        return connection.connected


def test_the_broker_is_asked_for_its_certificate(made, others, tmp_path):
    with redis(made, tmp_path) as port:
        assert connected(f"rediss://{HOST}:{port}/0", made.authority, 20) is True

        for host, authority in ((HOST, others.authority), ("127.0.0.1", made.authority)):
            with pytest.raises((BrokerAway, ssl.SSLError), match=r"(?i)certificate.verify.failed"):
                connected(f"rediss://{host}:{port}/0", authority, 1)
