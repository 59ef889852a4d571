"""One patient's record. The rooms above add their pages under the same addresses: `clinic.config.urls` joins them."""

from __future__ import annotations

from django.urls import path

from .views import links, patient, record

of_patients = [
    path("new/", patient.patient_new, name="new"),
    path("<uuid:pk>/record/", patient.record, name="record"),
    path("<uuid:pk>/edit/", patient.edit, name="edit"),
    path("<uuid:pk>/archive/", patient.archive, name="archive"),
    path("<uuid:pk>/restore/", patient.restore, name="restore"),
    path("<uuid:pk>/episodes/new/", record.episode_new, name="episode_new"),
    path("episodes/<uuid:pk>/edit/", record.episode_edit, name="episode_edit"),
    path("episodes/<uuid:pk>/treatments/new/", record.treatment_new, name="treatment_new"),
    path("treatments/<uuid:pk>/edit/", record.treatment_edit, name="treatment_edit"),
    path("treatments/<uuid:pk>/archive/", record.treatment_archive, name="treatment_archive"),
    path("links/<uuid:pk>/revoke/", links.revoke, name="link_revoke"),
    path("treatments/<uuid:pk>/restore/", record.treatment_restore, name="treatment_restore"),
]
