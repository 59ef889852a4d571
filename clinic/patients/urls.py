"""One patient's record. The rooms above add their pages under the same addresses: `clinic.config.urls` joins them."""

from __future__ import annotations

from django.urls import path

from . import views, views_record

of_patients = [
    path("new/", views.patient_new, name="new"),
    path("<uuid:pk>/record/", views.record, name="record"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/archive/", views.archive, name="archive"),
    path("<uuid:pk>/restore/", views.restore, name="restore"),
    path("<uuid:pk>/episodes/new/", views_record.episode_new, name="episode_new"),
    path("episodes/<uuid:pk>/edit/", views_record.episode_edit, name="episode_edit"),
    path("episodes/<uuid:pk>/treatments/new/", views_record.treatment_new, name="treatment_new"),
    path("treatments/<uuid:pk>/edit/", views_record.treatment_edit, name="treatment_edit"),
    path("treatments/<uuid:pk>/archive/", views_record.treatment_archive, name="treatment_archive"),
    path("treatments/<uuid:pk>/restore/", views_record.treatment_restore, name="treatment_restore"),
]
