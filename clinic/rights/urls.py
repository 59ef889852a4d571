"""A patient's rights and log, under the patient's address; and the log of the clinic."""

from __future__ import annotations

from django.urls import path

from .views import log, rights

of_patients = [
    path("restricted/", rights.restricted, name="restricted"),
    path("<uuid:pk>/log/", log.log_page, name="log"),
    path("<uuid:pk>/rights/", rights.rights, name="rights"),
    path("<uuid:pk>/copy/", rights.export, name="export"),
    path("<uuid:pk>/corrections/new/", rights.correction_new, name="correction_new"),
    path("<uuid:pk>/restrict/", rights.restrict, name="restrict"),
    path("<uuid:pk>/restrict/lift/", rights.lift, name="lift"),
    path("<uuid:pk>/hold/", rights.hold, name="hold"),
    path("<uuid:pk>/hold/lift/", rights.hold_lift, name="hold_lift"),
    path("<uuid:pk>/erase/", rights.erase, name="erase"),
    path("<uuid:pk>/open/", rights.open_restricted, name="open"),
    path("<uuid:pk>/close/", rights.close, name="close"),
    path("corrections/<uuid:pk>/", rights.correction, name="correction"),
]

app_name = "audit"
urlpatterns = [
    path("log/", log.clinic_log, name="clinic"),
    path("patients/<uuid:pk>/log/print/", log.patient_log, name="patient"),
    path("patients/<uuid:pk>/log/log.csv", log.patient_csv, name="patient_csv"),
]
