"""Why a service of this app said no."""


class Refused(ValueError):
    """What was asked cannot be done; the message is a sentence for the person who asked."""
