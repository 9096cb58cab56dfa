"""manage.py allowprojects EMAIL: let a person create projects."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.core.validators import validate_email

from accounts.services import allow_projects, invitation_path


class Command(BaseCommand):
    help = "Let a person create projects; someone new gets an account and an invitation link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError:
            raise CommandError(f"“{options['email']}” is no e-mail address.") from None
        account = allow_projects(email=options["email"])
        self.stdout.write(f"{account.email} may create projects.")
        if not account.has_usable_password():
            self.stdout.write(
                "The account is new. Hand on this link, where they choose a password; it works "
                f"once, for seven days: https://<your Scout>{invitation_path(account=account)}"
            )
