"""Settings, one file for a laptop and a cluster; what differs comes from the environment.

docs/deployment.md lists the variables.
"""

import os
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from spm.database_url import celery_broker, django_database, with_database_number
from spm.embedded.noted import noted_services

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
SPM_HOME = Path(env.str("SPM_HOME", default=str(BASE_DIR / ".spm")))

DEBUG = env.bool("SPM_DEBUG", default=False)
TLS = env.bool("SPM_TLS", default=False)
ALLOWED_HOSTS = env.list("SPM_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("SPM_TRUSTED_ORIGINS", default=[])
# Where people find the site, for links in e-mails: said, else where forms are taken from, else
# where `manage.py up` listens.
PUBLIC_ADDRESS = env.str(
    "SPM_PUBLIC_ADDRESS",
    default=next(iter(CSRF_TRUSTED_ORIGINS), env.str("SPM_LISTENS_AT", "http://127.0.0.1:8000")),
).rstrip("/")


def _secret_key() -> str:
    """The key from the environment, else from the file that ``manage.py up`` has made."""
    key: str = env.str("SPM_SECRET_KEY", default="")
    if key:
        return key
    key_file = SPM_HOME / "secret-key"
    if key_file.exists():
        return key_file.read_text().strip()
    # Commands that need no key (makemigrations, a type check) run without a home. A key made up
    # here signs nothing that outlives the process.
    from django.core.management.utils import get_random_secret_key

    return get_random_secret_key()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SPM_SECRET_KEY_FALLBACKS", default=[])


def _data_keys() -> list[str]:
    """What stored secrets are sealed with (spm.sealed), the present key first."""
    key_file = SPM_HOME / "data-key"
    kept = key_file.read_text().strip() if key_file.exists() else ""
    said = [env.str("SPM_DATA_KEY", default=""), *env.list("SPM_DATA_KEY_FALLBACKS", default=[])]
    return [key for key in [*said, kept, SECRET_KEY, *SECRET_KEY_FALLBACKS] if key]


DATA_KEYS = _data_keys()
# Hosts (or host:port) that may be asked without TLS and at a private address (spm.outgoing).
OUTGOING_ALLOW = env.list("SPM_OUTGOING_ALLOW", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "pgtrigger",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "spm.apps.OfficeConfig",
    "spm.accounts",
    "spm.webhooks",
    "bets",
    "evidence",
    "allocation",
    "reports",
]

MIDDLEWARE = [
    "spm.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # With random bytes in each answer, so that its length gives no token away.
    "django.middleware.gzip.GZipMiddleware",
    "spm.fragments.FragmentVersionMiddleware",
    "csp.middleware.CSPMiddleware",
    "spm.browser_rules.BrowserRulesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "spm.accounts.middleware.SignInRequiredMiddleware",
    "spm.accounts.middleware.PortfolioMiddleware",
]

ROOT_URLCONF = "spm.urls"
WSGI_APPLICATION = "spm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ]
            if not DEBUG
            else [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "spm.accounts.context.portfolio",
            ],
            "builtins": ["spm.templatetags.display", "spm.templatetags.components"],
        },
    }
]

# Two roles on one database: `default` is the runtime role, which owns nothing; `owner` migrates.
# A command beside a running `manage.py up` finds the servers where `up` has noted them.
_NOTED = noted_services(SPM_HOME)
_DATABASE_URL = env.str(
    "DATABASE_URL", default=_NOTED.get("DATABASE_URL", "postgresql://spm@localhost:5432/spm")
)
_DATABASE_OWNER_URL = env.str(
    "DATABASE_OWNER_URL",
    default=_DATABASE_URL
    if "DATABASE_URL" in os.environ
    else _NOTED.get("DATABASE_OWNER_URL", _DATABASE_URL),
)
DATABASES = {
    "default": {
        **django_database(_DATABASE_URL),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    },
    "owner": django_database(_DATABASE_OWNER_URL),
}
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default=_NOTED.get("REDIS_URL", "redis://localhost:6379/0"))
BROKER_DATABASE, CACHE_DATABASE, LIVE_DATABASE = 0, 1, 2
LIVE_URL = with_database_number(REDIS_URL, LIVE_DATABASE)
CACHES = {
    "default": {
        "BACKEND": "spm.valkey.ForgetfulCache",
        "LOCATION": with_database_number(REDIS_URL, CACHE_DATABASE),
    }
}

CELERY_BROKER_URL = celery_broker(with_database_number(REDIS_URL, BROKER_DATABASE))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 120}
CELERY_TIMEZONE = "UTC"
# What is owed stands in PostgreSQL; beat only makes sure that nothing waits for a lost message.
CELERY_BEAT_SCHEDULE = {
    "forget answers that nobody can ask for any more": {
        "task": "accounts.forget_old_answers",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "recompute what has waited": {
        "task": "allocation.sweep_recompute_requests",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "import files that have waited": {
        "task": "evidence.sweep_imports",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "solve scenarios that have waited": {
        "task": "allocation.sweep_scenarios",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "study what has waited": {
        "task": "allocation.sweep_studies",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "let time count in beliefs": {
        "task": "evidence.refresh_beliefs",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "tell of deadlines and remind of what is asked for": {
        "task": "evidence.tell_of_time",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "mail notices that are due": {
        "task": "evidence.mail_notices",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "send what webhooks are owed": {
        "task": "webhooks.sweep",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "forget deliveries of long ago": {
        "task": "webhooks.forget_old",
        "schedule": 86_400.0,
        "options": {"expires": 86_400},
    },
    "read Jira sites that are due, and take what they sent": {
        "task": "jira.sweep",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "forget what Jira sent long ago": {
        "task": "jira.forget_old",
        "schedule": 86_400.0,
        "options": {"expires": 86_400},
    },
    "prove books that somebody asked about": {
        "task": "allocation.sweep_proofs",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "prove the books once a night": {
        "task": "allocation.prove_books",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "make scheduled transfers effective": {
        "task": "allocation.mature_transfers",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "spm.accounts.adapter.ClosedAccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PRESERVE_USERNAME_CASING = False
# Wrong passwords and codes under a decision, for each person (spm.accounts.signing).
ACCOUNT_RATE_LIMITS = {"sign": "5/5m/user"}
MFA_ADAPTER = "spm.accounts.second_factor.EncryptingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Portfolio office"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts are made by administrators, who know the address
EMAIL_BACKEND = env.str(
    "SPM_EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend"
)
if "SPM_EMAIL_URL" in os.environ:  # smtp+tls://user:password@host:587
    globals().update(env.email_url("SPM_EMAIL_URL"))
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = env.str("SPM_FROM_EMAIL", default="office@localhost")

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "__Host-session" if TLS else "session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = TLS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
CSRF_COOKIE_SECURE = TLS
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the container platform, without TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("SPM_BEHIND_PROXY", default=False) else None
)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# Bodies are cut off by spm.asgi before Django sees them; these are the second net.
BODY_LIMIT_BYTES = 1_000_000
IMPORT_BODY_LIMIT_BYTES = 10_000_000
ATTACHMENT_BODY_LIMIT_BYTES = 5_100_000  # a file of 5 MB and what is around it
DATA_UPLOAD_MAX_MEMORY_SIZE = IMPORT_BODY_LIMIT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = SPM_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "spm.static_files.HashedModules"
        )
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "spm.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["spm.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "spm.api.parsers.OneForm",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "spm.api.schema.ProblemSchema",
    "DEFAULT_PAGINATION_CLASS": "spm.api.pagination.NewestFirstPagination",
    "DEFAULT_THROTTLE_CLASSES": ["spm.api.throttling.PrincipalThrottle"],
    "DEFAULT_THROTTLE_RATES": {"principal": env.str("SPM_API_RATE", default="6000/min")},
    "EXCEPTION_HANDLER": "spm.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Strategic portfolio office",
    "DESCRIPTION": "Bets, evidence, belief and reallocation.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "spm.api.schema.fields_can_be_left_out",
        "spm.api.schema.anything_may_be_null",
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "spm.logs.line_formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "mcp": {"level": "WARNING"},  # it has a line for the end of each request
    },
}
