"""Where visits and photos live."""

from django.urls import path

from . import views
from .views.consent import consent_give, consent_revoke
from .views.patients import patient_photos, patient_visits
from .views.series import clinic_protocol, skip, unskip

of_patients = [
    path("<uuid:pk>/visits/", patient_visits, name="visits"),
    path("<uuid:pk>/photos/", patient_photos, name="photos"),
    path("<uuid:pk>/consents/give/", consent_give, name="consent_give"),
    path("consents/<uuid:pk>/revoke/", consent_revoke, name="consent_revoke"),
]

of_visits = [
    path("patients/<uuid:pk>/visits/new/", views.new, name="new"),
    path("visits/<uuid:pk>/", views.detail, name="detail"),
    path("visits/<uuid:pk>/board/", views.board, name="board"),
    path("visits/<uuid:pk>/edit/", views.edit, name="edit"),
    path("visits/<uuid:pk>/confirm/", views.visit_confirm, name="visit_confirm"),
    path("visits/<uuid:pk>/move/", views.visit_move, name="visit_move"),
    path("visits/<uuid:pk>/archive/", views.archive, name="archive"),
    path("visits/<uuid:pk>/restore/", views.restore, name="restore"),
    path("visits/<uuid:pk>/photos/", views.upload, name="upload"),
    path("visits/<uuid:pk>/capture/", views.capture, name="capture"),
    path("visits/<uuid:pk>/skip/", skip, name="skip"),
    path("visits/<uuid:pk>/unskip/", unskip, name="unskip"),
    path("clinic/exercises/", clinic_protocol, name="protocols"),
    path("visits/<uuid:pk>/consent/", views.consent, name="consent"),
    path("visits/<uuid:pk>/filing/", views.file_together, name="file_together"),
    path("visits/<uuid:pk>/turn-over/", views.turn_over, name="turn_over"),
    path("visits/<uuid:pk>/keep/", views.keep, name="keep"),
    path("photos/<uuid:pk>/", views.photo, name="photo"),
    path("photos/<uuid:pk>/card/", views.photo_card, name="photo_card"),
    path("photos/<uuid:pk>/check/", views.photo_check, name="photo_check"),
    path("photos/<uuid:pk>/result/", views.photo_result, name="photo_result"),
    path("photos/<uuid:pk>/landmarks/", views.photo_landmarks, name="photo_landmarks"),
    path(
        "photos/<uuid:pk>/landmarks/measure/", views.photo_landmarks_measure, name="photo_landmarks_measure"
    ),
    path("photos/<uuid:pk>/exercise/", views.photo_exercise, name="photo_exercise"),
    path("photos/<uuid:pk>/taken/", views.photo_taken, name="photo_taken"),
    path("photos/<uuid:pk>/move/", views.photo_move, name="photo_move"),
    path("photos/<uuid:pk>/archive/", views.photo_archive, name="photo_archive"),
    path("photos/<uuid:pk>/restore/", views.photo_restore, name="photo_restore"),
    path("photos/<uuid:pk>/retry/", views.photo_retry, name="photo_retry"),
    path("photos/<uuid:pk>/confirm/", views.confirm, name="confirm"),
    path("photos/<uuid:pk>/image/", views.image, name="file"),
    path("photos/<uuid:pk>/thumbnail/", views.thumbnail, name="thumbnail"),
    path("quick-check/", views.quick_check, name="quick_check"),
]
