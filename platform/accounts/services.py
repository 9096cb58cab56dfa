"""Accounts, the invitations that open them, and the tokens of programs."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from rest_framework.authtoken.models import Token

from accounts.models import User


def account_for(*, email: str) -> User:
    """The account with this address; a new one has no password until its invitation is used."""
    account, _ = User.objects.get_or_create(
        email=email.strip().lower(), defaults={"password": make_password(None)}
    )
    return account


def allow_projects(*, email: str) -> User:
    """Let the person with this address create projects; the account, made where there is none."""
    account = account_for(email=email)
    account.may_create_projects = True
    account.save(update_fields=["may_create_projects"])
    return account


def invitation_path(*, account: User) -> str:
    """The address where a new person chooses a password: works once, for PASSWORD_RESET_TIMEOUT.

    Raises ValueError for an account in use: a link to it would hand it to whoever holds the link.
    """
    if account.has_usable_password():
        raise ValueError("This account already has a password.")
    key = urlsafe_base64_encode(force_bytes(account.pk))
    token = default_token_generator.make_token(account)
    return reverse("account_invitation", kwargs={"uidb64": key, "token": token})


@transaction.atomic
def renew_token(*, user: User) -> str:
    """A new API token; the one before stops working."""
    Token.objects.filter(user=user).delete()
    return str(Token.objects.create(user=user).key)


def revoke_token(*, user: User) -> None:
    Token.objects.filter(user=user).delete()
