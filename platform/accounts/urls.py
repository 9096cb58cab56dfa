"""Sign-in and a person's own account.

Of allauth's addresses only those Scout offers are here: nobody signs up alone, and without
configured e-mail there is no password reset by e-mail.
"""

from allauth.account import views as allauth_views
from django.urls import path

from accounts.views import InvitationView, appearance_choice, revoke_token_page, token_page

urlpatterns = [
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("password/change/", allauth_views.password_change, name="account_change_password"),
    path("appearance/", appearance_choice, name="account_appearance"),
    path("token/", token_page, name="account_token"),
    path("token/revoke/", revoke_token_page, name="account_revoke_token"),
    path("invitation/<uidb64>/<token>/", InvitationView.as_view(), name="account_invitation"),
]
