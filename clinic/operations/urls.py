"""How the installation is doing: for its administrators, and for the machines that watch it."""

from django.urls import path

from . import probes

app_name = "operations"
urlpatterns = [
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
]
