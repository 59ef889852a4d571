"""Today at the door; a patient's recovery, comparison and exports under the patient's own address."""

from __future__ import annotations

from django.urls import include, path

from . import views

recovery = [
    path("patients/<uuid:pk>/recovery.csv", views.recovery_csv, name="csv"),
    path("patients/<uuid:pk>/recovery.json", views.recovery_json, name="data"),
    path("patients/<uuid:pk>/compare/", views.compare, name="compare"),
    path("photos/<uuid:pk>/aligned/", views.aligned, name="aligned"),
]

urlpatterns = [
    path("", views.today, name="today"),
    path("", include((recovery, "recovery"))),
]
