"""Where tasks, red flags and clinical scales live."""

from django.urls import path

from . import (
    views,
    views_milestones,
    views_questionnaires,
    views_red_flags,
    views_scales,
    views_second,
    views_wordings,
)

app_name = "examination"
urlpatterns = [
    path("patients/<uuid:pk>/tasks/new/", views.task_new, name="task_new"),
    path("tasks/<uuid:pk>/", views.task, name="task"),
    path("tasks/<uuid:pk>/plan/", views.task_plan, name="task_plan"),
    path("tasks/<uuid:pk>/close/", views.task_close, name="task_close"),
    path("tasks/<uuid:pk>/reopen/", views.task_reopen, name="task_reopen"),
    path("episodes/<uuid:pk>/milestones/<slug:milestone>/", views_milestones.settle, name="milestone"),
    path("episodes/<uuid:pk>/red-flags/", views_red_flags.red_flags, name="red_flags"),
    path("episodes/<uuid:pk>/questionnaires/", views_questionnaires.questionnaires, name="questionnaires"),
    path("episodes/<uuid:pk>/questionnaires/hand-over/", views_questionnaires.hand_over, name="hand_over"),
    path("episodes/<uuid:pk>/questionnaires/link/", views_questionnaires.send, name="questionnaire_send"),
    path("episodes/<uuid:pk>/questionnaires/<uuid:wording>/paper/", views_questionnaires.paper, name="paper"),
    path("clinic/questionnaires/", views_wordings.wordings, name="wordings"),
    path("clinic/questionnaires/<slug:code>/<slug:language>/", views_wordings.wording, name="wording"),
    path("visits/<uuid:pk>/scales/<slug:code>/", views_scales.scale, name="scale"),
    path("visits/<uuid:pk>/scales/<slug:code>/finish/", views_scales.finish, name="scale_finish"),
    path("visits/<uuid:pk>/scales/<slug:code>/reopen/", views_scales.reopen, name="scale_reopen"),
    path("visits/<uuid:pk>/second-reading/", views_second.second_ask, name="second_ask"),
    path("second-readings/", views_second.second_list, name="second_list"),
    path("second-readings/<uuid:pk>/", views_second.second_read, name="second_read"),
    path("second-readings/<uuid:pk>/take/", views_second.second_take, name="second_take"),
    path("second-readings/<uuid:pk>/give-back/", views_second.second_give_back, name="second_give_back"),
    path("second-readings/<uuid:pk>/withdraw/", views_second.second_withdraw, name="second_withdraw"),
    path("second-readings/<uuid:pk>/photos/<int:place>/", views_second.second_photo, name="second_photo"),
]
