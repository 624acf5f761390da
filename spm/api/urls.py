"""The API's own addresses: its description. The resources are in ``<app>/api.py``."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView

schema = extend_schema(exclude=True)(SpectacularJSONAPIView)

urlpatterns = [
    path("schema", schema.as_view(), name="api-schema"),
]
