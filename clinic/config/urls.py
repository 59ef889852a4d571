"""The house's doors: each app brings its own."""

from django.urls import include, path

from clinic.common import pages

urlpatterns = [
    path("", include("clinic.recovery.urls")),
    path("account/", include("clinic.accounts.urls")),
    path("account/", include("clinic.accounts.doors")),
    path("patients/", include("clinic.patients.urls")),
    path("", include("clinic.visits.urls")),
    path("", include("clinic.examination.urls")),
    path("", include("clinic.audit.urls")),
    path("", include("inference.urls")),
    path("", include("clinic.operations.urls")),
    path("api/", include("clinic.api.urls")),
    path("robots.txt", pages.robots, name="robots"),
    path("favicon.ico", pages.favicon, name="favicon"),
]
