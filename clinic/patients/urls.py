"""Where patients live, and what stands on their records."""

from django.urls import path

from clinic.recovery.views import patient_recovery
from clinic.rights import views as views_rights
from clinic.visits.views.patients import patient_photos, patient_visits

from . import views, views_record

app_name = "patients"
urlpatterns = [
    path("", views.patient_list, name="list"),
    path("search/", views.search, name="search"),
    path("new/", views.patient_new, name="new"),
    path("restricted/", views_rights.restricted, name="restricted"),
    path("<uuid:pk>/", patient_recovery, name="detail"),
    path("<uuid:pk>/visits/", patient_visits, name="visits"),
    path("<uuid:pk>/photos/", patient_photos, name="photos"),
    path("<uuid:pk>/record/", views.record, name="record"),
    path("<uuid:pk>/log/", views.log, name="log"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/archive/", views.archive, name="archive"),
    path("<uuid:pk>/restore/", views.restore, name="restore"),
    path("<uuid:pk>/rights/", views_rights.rights, name="rights"),
    path("<uuid:pk>/copy/", views_rights.export, name="export"),
    path("<uuid:pk>/corrections/new/", views_rights.correction_new, name="correction_new"),
    path("<uuid:pk>/restrict/", views_rights.restrict, name="restrict"),
    path("<uuid:pk>/restrict/lift/", views_rights.lift, name="lift"),
    path("<uuid:pk>/hold/", views_rights.hold, name="hold"),
    path("<uuid:pk>/hold/lift/", views_rights.hold_lift, name="hold_lift"),
    path("<uuid:pk>/erase/", views_rights.erase, name="erase"),
    path("<uuid:pk>/open/", views_rights.open_restricted, name="open"),
    path("<uuid:pk>/close/", views_rights.close, name="close"),
    path("corrections/<uuid:pk>/", views_rights.correction, name="correction"),
    path("<uuid:pk>/episodes/new/", views_record.episode_new, name="episode_new"),
    path("<uuid:pk>/consents/give/", views_record.consent_give, name="consent_give"),
    path("episodes/<uuid:pk>/edit/", views_record.episode_edit, name="episode_edit"),
    path("episodes/<uuid:pk>/treatments/new/", views_record.treatment_new, name="treatment_new"),
    path("treatments/<uuid:pk>/edit/", views_record.treatment_edit, name="treatment_edit"),
    path("treatments/<uuid:pk>/archive/", views_record.treatment_archive, name="treatment_archive"),
    path("treatments/<uuid:pk>/restore/", views_record.treatment_restore, name="treatment_restore"),
    path("consents/<uuid:pk>/revoke/", views_record.consent_revoke, name="consent_revoke"),
]
