"""The API's own addresses: its description. The resources are in ``<app>/api.py``."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView

from spm.api.documents import OneDocument, documents

schema = extend_schema(exclude=True)(SpectacularJSONAPIView)

urlpatterns = [
    path("docs", documents, name="api-docs"),
    path("schema", schema.as_view(generator_class=OneDocument), name="api-schema"),
]
