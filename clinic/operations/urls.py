"""How the installation is doing: for its administrators, and for the machines that watch it."""

from django.urls import path

from . import probes, views

app_name = "operations"
urlpatterns = [
    path("operations/", views.overview, name="overview"),
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]
