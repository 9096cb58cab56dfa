"""Sessions in the database, found by keys that the database can hold."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore


class SessionStore(DatabaseSessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        """Keys are letters and digits. A cookie may hold NUL, which PostgreSQL refuses."""
        is_ours = key is not None and key.isalnum()
        return is_ours and super()._validate_session_key(key)  # type: ignore[misc]
