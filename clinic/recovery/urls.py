"""A patient's recovery, comparison and exports, under the patient's address."""

from __future__ import annotations

from django.urls import path

from . import views

of_patients = [path("<uuid:pk>/", views.patient_recovery, name="detail")]

app_name = "recovery"
urlpatterns = [
    path("patients/<uuid:pk>/recovery.csv", views.recovery_csv, name="csv"),
    path("patients/<uuid:pk>/recovery.json", views.recovery_json, name="data"),
    path("patients/<uuid:pk>/compare/", views.compare, name="compare"),
    path("photos/<uuid:pk>/aligned/", views.aligned, name="aligned"),
]
