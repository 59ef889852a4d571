from django.urls import path

from . import views, views_clinic, views_invitations, views_login

app_name = "accounts"
urlpatterns = [
    path("login/", views_login.LoginView.as_view(), name="login"),
    path("logout/", views_login.Logout.as_view(), name="logout"),
    path("session/", views_login.session_left, name="session"),
    path("session/stay/", views_login.session_stay, name="session_stay"),
    path("locked/", views_login.locked, name="locked"),
    path("sessions/", views_login.session_list, name="sessions"),
    path("password/set/<uidb64>/<token>/", views_login.SetPassword.as_view(), name="set_password"),
    path("language/", views.language, name="language"),
    path("switch/", views.switch_clinic, name="switch_clinic"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.password, name="password"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<str:key>/revoke/", views.token_revoke, name="token_revoke"),
    path("invitations/<uuid:pk>/", views_invitations.invitation, name="invitation"),
    path("invitations/<uuid:pk>/decline/", views_invitations.invitation_decline, name="invitation_decline"),
    path("invitations/<uuid:pk>/<str:secret>/", views_invitations.invitation_link, name="invitation_link"),
    path("clinic/", views_clinic.settings, name="clinic"),
    path("members/", views_clinic.members, name="members"),
    path("members/<uuid:pk>/", views_clinic.member, name="member"),
    path("members/<uuid:pk>/access/", views_clinic.member_active, name="member_active"),
    path("members/<uuid:pk>/link/", views_clinic.member_link, name="member_link"),
    path("members/<uuid:pk>/factor/", views_clinic.member_factor, name="member_factor"),
]
