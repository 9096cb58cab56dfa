"""A person's own account: the invitation that opens it and the token for programs."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.authtoken.models import Token

from accounts.appearance import show_as_preferred
from accounts.forms import AppearanceForm, InvitationForm
from accounts.http import SignedInRequest
from accounts.models import Theme
from accounts.preferences import change_preferences
from accounts.services import renew_token, revoke_token


class InvitationView(PasswordResetConfirmView):
    """The page behind an invitation link. Django takes the token out of the address bar."""

    template_name = "accounts/invitation.html"
    form_class = InvitationForm
    post_reset_login = True
    post_reset_login_backend = settings.AUTHENTICATION_BACKENDS[0]
    success_url = settings.LOGIN_REDIRECT_URL


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def token_page(request: SignedInRequest) -> HttpResponse:
    """The token is in the answer to the POST alone: it is shown once."""
    key = renew_token(user=request.user) if request.method == "POST" else ""
    created = Token.objects.filter(user=request.user).values_list("created", flat=True).first()
    return render(request, "accounts/token.html", {"key": key, "created": created})


@login_required
@require_POST
def revoke_token_page(request: SignedInRequest) -> HttpResponse:
    revoke_token(user=request.user)
    messages.success(
        request, gettext("The token is revoked. Programs that used it are refused now.")
    )
    return redirect("account_token")


@login_required
@require_POST
def appearance_choice(request: SignedInRequest) -> HttpResponse:
    """Keep the theme or the language that was chosen, and go back to where it was chosen."""
    form = AppearanceForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(gettext("There is no such theme or language."))
    chosen = form.cleaned_data
    preferences = change_preferences(
        user=request.user,
        theme=Theme(chosen["theme"]) if chosen["theme"] else None,
        language=chosen["language"] or None,
    )
    safe = url_has_allowed_host_and_scheme(chosen["next"], allowed_hosts={request.get_host()})
    response = redirect(chosen["next"] if safe else settings.LOGIN_REDIRECT_URL)
    show_as_preferred(response, preferences)
    return response
