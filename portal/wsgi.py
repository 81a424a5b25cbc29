"""The WSGI application: what granian serves, and gunicorn where it is preferred."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()

from portal import asking, starting  # noqa: E402 -- it reads models, which are there only now
from portal.finished_pages import FinishedPages  # noqa: E402 -- as above
from portal.metrics import Measured  # noqa: E402 -- as above

with asking.asking(asking.UNKNOWN):
    starting.refuse()

if settings.PAGES_MEMORY and not settings.DEBUG:
    application = FinishedPages(application)
application = Measured(application)
