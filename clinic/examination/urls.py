"""Where tasks live."""

from django.urls import path

from . import views

app_name = "examination"
urlpatterns = [
    path("patients/<uuid:pk>/tasks/new/", views.task_new, name="task_new"),
    path("tasks/<uuid:pk>/", views.task, name="task"),
    path("tasks/<uuid:pk>/plan/", views.task_plan, name="task_plan"),
    path("tasks/<uuid:pk>/close/", views.task_close, name="task_close"),
    path("tasks/<uuid:pk>/reopen/", views.task_reopen, name="task_reopen"),
]
