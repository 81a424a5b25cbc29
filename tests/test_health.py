"""What monitoring is told: whether a process can serve, what is wrong beside it, the figures; and to whom."""

import re
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings
from django.utils import timezone

from portal import health, metrics
from portal.models import Delivery, Job, JobStatus, Message
from portal.vocabulary import Channel
from tests import factories

pytestmark = pytest.mark.django_db
WELL = "ready\ndatabase: ok\nmigrations: ok\nbroker: ok\ndisk: ok\nclock: ok\n"
LINE = re.compile(r'# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"\n]*",?)+\})? [0-9.e+]+')


@pytest.fixture(autouse=True)
def nothing_remembered(settings, tmp_path):
    """Ask the broker anew in each test, and let there be one."""
    settings.DISK_FLOOR = 1
    folder = tmp_path / "messages"
    folder.mkdir()
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {
        "data_folder_in": str(folder)
    }
    health._broker = (0.0, "")
    yield folder
    health._broker = (0.0, "")


def ready() -> tuple[int, str]:
    """Return status and text of the page."""
    answer = Client().get("/readyz")
    return answer.status_code, answer.content.decode()


def test_all_is_well():
    assert ready() == (200, WELL)


def test_a_database_that_is_not_migrated_is_not_ready():
    MigrationRecorder.Migration.objects.filter(app="portal").order_by("-pk").first().delete()

    assert ready() == (
        503,
        WELL.replace("ready", "not ready", 1).replace("migrations: ok", "migrations: behind"),
    )


def test_without_its_database_a_process_is_not_ready():
    def gone(execute, sql, parameters, many, context):
        raise OperationalError

    with connection.execute_wrapper(gone):
        status, text = ready()

    assert (status, text.splitlines()[:3]) == (503, ["not ready", "database: away", "migrations: away"])


def test_a_broker_that_is_away_is_told_and_pages_work_on(nothing_remembered):
    nothing_remembered.rmdir()

    assert ready() == (200, WELL.replace("broker: ok", "broker: away"))


def test_a_broker_is_not_asked_by_everybody_who_looks(nothing_remembered):
    ready()
    nothing_remembered.rmdir()

    assert ready() == (200, WELL)


@override_settings(DISK_FLOOR=10**18)
def test_a_disk_that_is_nearly_full_is_told_and_pages_work_on():
    assert ready() == (200, WELL.replace("disk: ok", "disk: low"))


def test_a_clock_that_goes_behind_what_has_happened_is_told():
    later = timezone.now() + timedelta(hours=1)
    MigrationRecorder.Migration.objects.filter(app="portal").update(applied=later)

    assert ready() == (200, WELL.replace("clock: ok", "clock: off"))


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("", {"REMOTE_ADDR": "10.0.0.7"}, 404),
        ("", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
        ("", {"HTTP_FORWARDED": "for=127.0.0.1"}, 404),
        ("t0ken", {}, 404),
        ("t0ken", {"HTTP_AUTHORIZATION": "Bearer t0kem"}, 404),
        ("t0ken", {"HTTP_AUTHORIZATION": "Bearer t0ken", "REMOTE_ADDR": "10.0.0.7"}, 200),
    ],
)
def test_figures_are_told_to_this_machine_or_to_who_has_the_token(token, headers, status):
    with override_settings(METRICS_TOKEN=token):
        assert Client().get("/metrics", **headers).status_code == status


@override_settings(METRICS_TOKEN="t0ken", SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["portal.example", "web"])
def test_the_monitoring_asks_inside_without_tls_and_nothing_else_is_answered_there():
    said = {"HTTP_HOST": "web:8000", "HTTP_AUTHORIZATION": "Bearer t0ken", "REMOTE_ADDR": "172.31.0.9"}

    answers = {path: Client().get(path, **said).status_code for path in ("/metrics", "/metrics/", "/")}

    assert answers == {"/metrics": 200, "/metrics/": 301, "/": 301}


def figures() -> dict[str, str]:
    """Return sample → value."""
    lines = Client().get("/metrics").content.decode().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_the_figures_tell_of_jobs_and_mails_that_wait():
    user, asked = factories.filer(), timezone.now() - timedelta(minutes=5)
    Job.objects.create(kind="lines", title="演示", run_after=asked)
    Job.objects.create(kind="lines", title="演示", run_after=timezone.now() + timedelta(hours=1))
    ended = {"status": JobStatus.DONE, "finished_at": asked}
    Job.objects.create(kind="lines", title="演示", **ended)
    message = Message.objects.create(user=user, text="演示", created_at=asked)
    Delivery.objects.create(user=user, channel=Channel.MAIL, message=message, created_at=asked)

    found = figures()

    states = {state: found[f'portal_jobs{{state="{state}"}}'] for state in ("queued", "running", "done")}
    assert states == {"queued": "2", "running": "0", "done": "1"}
    assert [round(float(found[f"portal_{what}_age_seconds"]), -2) for what in ("job_queue", "outbox")] == [
        300,
        300,
    ]
    assert found['portal_check{check="database"}'] == "1"
    assert int(found["portal_database_bytes"]) > 2**20


def test_a_refused_sign_in_is_counted():
    before = metrics.counters.refused_sign_ins

    Client().post("/login/", {"username": "nobody", "password": "wrong"})

    assert metrics.counters.refused_sign_ins - before == 1


def test_every_answer_is_counted_by_class_method_and_status():
    into = metrics.Counters()
    answers = {"/": "200 OK", "/desk/": "302 Found", "/desk/jobs/": "500 Internal Server Error"}

    def application(environ, start_response):
        start_response(answers[environ["PATH_INFO"]], [])
        return [b""]

    measured = metrics.Measured(application, into)
    for path in ("/", "/", *answers):
        measured({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda *said: None)

    assert into.requests == {
        ("public", "GET", "200"): 3,
        ("desk", "GET", "302"): 1,
        ("desk", "GET", "500"): 1,
    }
    assert sum(into.buckets.values()) == 5


def test_an_answer_that_never_began_counts_as_a_fault():
    into = metrics.Counters()

    def application(environ, start_response):
        raise MemoryError

    with pytest.raises(MemoryError):
        metrics.Measured(application, into)({"PATH_INFO": "/api/v1/", "REQUEST_METHOD": "PATCH"}, None)

    assert into.requests == {("api", "other", "500"): 1}


def test_the_buckets_of_a_histogram_add_up():
    into = metrics.Counters()
    for seconds in (0.001, 0.3, 99):
        into.request("/", "GET", "200", seconds)

    lines = [line for line in into.lines() if "_bucket" in line]

    counts = [int(line.rsplit(" ", 1)[1]) for line in lines]
    assert counts == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]
    assert 'le="+Inf"' in lines[-1]
