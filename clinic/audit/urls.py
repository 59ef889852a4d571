"""Where the log is read: a clinic's by its administrators, and one patient's for the patient."""

from django.urls import path

from . import views

app_name = "audit"
urlpatterns = [
    path("log/", views.clinic_log, name="clinic"),
    path("patients/<uuid:pk>/log/print/", views.patient_log, name="patient"),
    path("patients/<uuid:pk>/log/log.csv", views.patient_csv, name="patient_csv"),
]
