"""Addresses of the pages that look across everything."""

from django.urls import path

from reports import views

app_name = "reports"

urlpatterns = [
    path("", views.allocation_page, name="allocation"),
    path("allocation/numbers", views.numbers_panel, name="numbers"),
    path("allocation/learned", views.learned_panel, name="learned"),
]
