from django.urls import path

from .views import clinic, invitations, login, profile

app_name = "accounts"
urlpatterns = [
    path("login/", login.LoginView.as_view(), name="login"),
    path("logout/", login.Logout.as_view(), name="logout"),
    path("session/", login.session_left, name="session"),
    path("session/stay/", login.session_stay, name="session_stay"),
    path("locked/", login.locked, name="locked"),
    path("sessions/", login.session_list, name="sessions"),
    path("password/set/<uidb64>/<token>/", login.SetPassword.as_view(), name="set_password"),
    path("language/", profile.language, name="language"),
    path("switch/", profile.switch_clinic, name="switch_clinic"),
    path("profile/", profile.profile, name="profile"),
    path("password/", profile.password, name="password"),
    path("tokens/", profile.tokens, name="tokens"),
    path("tokens/<str:key>/revoke/", profile.token_revoke, name="token_revoke"),
    path("invitations/<uuid:pk>/", invitations.invitation, name="invitation"),
    path("invitations/<uuid:pk>/decline/", invitations.invitation_decline, name="invitation_decline"),
    path("invitations/<uuid:pk>/<str:secret>/", invitations.invitation_link, name="invitation_link"),
    path("clinic/", clinic.settings, name="clinic"),
    path("members/", clinic.members, name="members"),
    path("members/<uuid:pk>/", clinic.member, name="member"),
    path("members/<uuid:pk>/access/", clinic.member_active, name="member_active"),
    path("members/<uuid:pk>/link/", clinic.member_link, name="member_link"),
    path("members/<uuid:pk>/factor/", clinic.member_factor, name="member_factor"),
]
