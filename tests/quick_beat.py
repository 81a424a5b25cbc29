"""``celery --app tests.quick_beat beat``: beat as it is, but it rings for the schedules every second."""

from portal.celery import app

name = "run-schedules"
app.conf.beat_schedule = {name: app.conf.beat_schedule[name] | {"schedule": 1}}
