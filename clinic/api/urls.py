"""The API's addresses, its schema and its docs page."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from .views import (
    analyses,
    assessments,
    changes,
    clinics,
    docs,
    examination,
    home,
    links,
    records,
    schema,
    service,
    visits,
)

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("clinics", clinics.ClinicViewSet, "clinic")
router.register("patients", records.PatientViewSet, "patient")
router.register("episodes", records.EpisodeViewSet, "episode")
router.register("treatments", records.TreatmentViewSet, "treatment")
router.register("consents", records.ConsentViewSet, "consent")
router.register("visits", visits.VisitViewSet, "visit")
router.register("photos", visits.PhotoViewSet, "photo")
router.register("analyses", analyses.AnalysisViewSet, "analysis")
router.register("confirmations", visits.ConfirmationViewSet, "confirmation")
router.register("tasks", examination.TaskViewSet, "task")
router.register("assessments", assessments.AssessmentViewSet, "assessment")
router.register("patient-links", links.PatientLinkViewSet, "patient-link")
router.register("home-programmes", home.HomeProgrammeViewSet, "home-programme")
router.register("releases", analyses.ReleaseViewSet, "release")

urlpatterns = [
    path("v1/tokens/", service.TokenView.as_view(), name="token"),
    path("v1/tokens/<uuid:pk>/", service.OneTokenView.as_view(), name="one_token"),
    path("v1/changes/", changes.ChangesView.as_view(), name="changes"),
    path("v1/", include(router.urls)),
    path("v1/exercises/", service.ExerciseView.as_view(), name="exercises"),
    path("v1/protocols/", service.ProtocolsView.as_view(), name="protocols"),
    path("v1/problems/", service.ProblemsView.as_view(), name="problems"),
    path("v1/problems/<slug:code>/", service.ProblemView.as_view(), name="problem"),
    path("caller/", service.CallerView.as_view(), name="caller"),
    path("schema/", schema.SchemaView.as_view(), name="schema"),
    path("docs/", docs.docs, name="docs"),
    # Under the API an unknown address is a problem too, not a page.
    re_path(r"^[\s\S]*$", service.NothingHere.as_view(), name="nothing"),
]
