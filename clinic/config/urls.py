"""All addresses: each room brings its own."""

from django.urls import include, path

import clinic.overview.urls
import clinic.patients.urls
import clinic.recovery.urls
import clinic.rights.urls
import clinic.visits.urls
from clinic.common import pages

# What is found under a patient or a visit comes from several rooms, and is named `patients:…` whichever it is from.
OF_PATIENTS = [
    *clinic.overview.urls.of_patients,
    *clinic.patients.urls.of_patients,
    *clinic.rights.urls.of_patients,
    *clinic.recovery.urls.of_patients,
    *clinic.visits.urls.of_patients,
]
OF_VISITS = [*clinic.visits.urls.of_visits, *clinic.overview.urls.of_visits]

urlpatterns = [
    path("", include("clinic.overview.urls")),
    path("account/", include("clinic.accounts.urls")),
    path("account/", include("clinic.accounts.urls_allauth")),
    path("patients/", include((OF_PATIENTS, "patients"))),
    path("", include((OF_VISITS, "visits"))),
    path("", include("clinic.recovery.urls")),
    path("", include("clinic.report.urls")),
    path("", include("clinic.home.urls")),
    path("", include("clinic.home.urls_patient")),
    path("", include("clinic.examination.urls")),
    path("", include("clinic.examination.urls_answering")),
    path("", include("clinic.rights.urls")),
    path("", include("clinic.validation.urls")),
    path("", include("clinic.operations.urls")),
    path("api/", include("clinic.api.urls")),
    path("robots.txt", pages.robots, name="robots"),
    path("favicon.ico", pages.favicon, name="favicon"),
]
