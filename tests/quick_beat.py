"""``celery --app tests.quick_beat beat``: beat as it is, but it rings for jobs and schedules every second."""

from portal.celery import app

app.conf.beat_schedule = {
    name: app.conf.beat_schedule[name] | {"schedule": 1} for name in ("run-schedules", "sweep-jobs")
}
