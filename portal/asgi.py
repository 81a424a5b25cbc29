"""The ASGI application, for an operator whose platform offers nothing else; WSGI costs a third of the CPU."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_asgi_application()
