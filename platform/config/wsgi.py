"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from config.nodelay import without_delay

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = without_delay(get_wsgi_application())
