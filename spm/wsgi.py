"""The pages as a WSGI application; ``spm.asgi`` puts it beside the live channel."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")

application = get_wsgi_application()
