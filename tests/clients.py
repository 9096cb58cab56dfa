"""Who asks: a person at the pages, or their program at the interface."""

from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def token_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client
