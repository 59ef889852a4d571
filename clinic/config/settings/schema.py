"""What the API says of itself: settings of the OpenAPI document and its page."""

SPECTACULAR_SETTINGS = {
    "TITLE": "Risorius API",
    "VERSION": "1",
    "DESCRIPTION": (
        "Records, photos and analyses of a facial-palsy clinic.\n\n"
        "Get a token with `POST /api/v1/tokens/` and send it as `Authorization: Bearer …`; in the browser the "
        "session of the pages works too. What you may not see is 404, what you may see but not do is 403. Every "
        "error is a problem (RFC 9457) with a stable `code`. Lists come newest first, by cursor. Whatever a model "
        "found is marked as such and preliminary until a clinician confirms or corrects it: it supports the "
        "documentation of facial movement and is no diagnosis."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "The installation that this document comes from."}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": ["rest_framework.authentication.SessionAuthentication"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Bodies have serializers of their own, named for what they are.
    "COMPONENT_SPLIT_REQUEST": False,
    "SORT_OPERATIONS": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "clinic.api.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "TaskKind": "clinic.examination.models.TaskKind",
        "Outcome": "clinic.examination.models.Outcome",
        "Role": "clinic.accounts.models.Role",
        "Sex": "clinic.patients.models.Sex",
        "Cause": "clinic.patients.models.Cause",
        "RedFlagState": "clinic.patients.models.RedFlags",
        "TreatmentKind": "clinic.patients.treatments.TreatmentKind",
        "ToxinProduct": "clinic.patients.treatments.ToxinProduct",
        "Operation": "clinic.patients.treatments.Operation",
        "ConsentManner": "clinic.patients.models.ConsentManner",
        "ModelUse": "clinic.accounts.models.ModelUse",
        "ConsentUse": "clinic.patients.models.ConsentUse",
        "AnalysisStatus": "inference.jobs.states.Status",
        "ExerciseCode": "clinic.visits.exercises.choices",
        "ProtocolKey": "clinic.visits.protocols.choices",
        "SkipReason": "clinic.visits.models.SkipReason",
        "SeriesState": "clinic.api.serializers.series.STATES",
        "Grade": "clinic.visits.models.GRADES",
        "Side": "clinic.visits.models.ExerciseSide",
        "GradeSource": "clinic.api.serializers.together.GRADE_SOURCES",
        "WeakSide": "clinic.api.serializers.records.WEAK_SIDES",
    },
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "list",
        "displayRequestDuration": True,
        "persistAuthorization": False,
        "validatorUrl": None,
    },
}
