"""A patient's report, under the patient's address."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "report"
urlpatterns = [path("patients/<uuid:pk>/report.pdf", views.report_pdf, name="pdf")]
