"""Settings: every knob is one environment variable with a default that runs on a bare machine."""

import hmac
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.management.utils import get_random_secret_key

from portal.environment import broker_tls, env_bool, env_list, libpq, mail_server, scanner, store

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("PORTAL_VAR", BASE_DIR / "var"))
VAR.mkdir(parents=True, exist_ok=True)


def secret_key() -> str:
    """Return PORTAL_SECRET_KEY, else the key kept in ``var/secret_key`` (made once, mode 0600)."""
    if key := os.environ.get("PORTAL_SECRET_KEY"):
        return key
    path = VAR / "secret_key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(get_random_secret_key() + get_random_secret_key())
    return path.read_text()


def field_keys() -> list[str]:
    """Return PORTAL_FIELD_KEYS, newest first; only a demonstration or a site without https makes its own."""
    made = hmac.digest(SECRET_KEY.encode(), b"field key of a demonstration", "sha256").hex()
    return env_list("PORTAL_FIELD_KEYS", made if DEMO or not env_bool("PORTAL_HTTPS", False) else "")


def database(url: str) -> dict:
    """Return Django's description of ``sqlite:///path`` or ``postgres://user:password@host:port/name?…``.

    What stands behind the question mark is ``host``, a socket, or for libpq (``environment.libpq``).
    """
    parts, age = urlsplit(url), int(os.environ.get("DATABASE_CONN_MAX_AGE", "60"))
    if parts.scheme == "sqlite":
        # A connection of SQLite reads the whole schema first, and the last one to leave empties the log.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        name = unquote(parts.path[1:]) or str(VAR / "portal.sqlite3")
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
        test = {"NAME": os.environ.get("PORTAL_TEST_SQLITE", str(VAR / "test.sqlite3"))}
        engine = {"ENGINE": "portal.in_turn", "NAME": name}
        return engine | {"OPTIONS": options, "TEST": test, "CONN_MAX_AGE": age}
    query = parse_qs(parts.query)
    return {
        "ENGINE": "portal.fenced" if DATABASE_ROLES else "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or query.get("port", [""])[0]),
        "CONN_MAX_AGE": age,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": libpq(query),
        "TEST": {"TEMPLATE": "template0"},
    }


def broker_options(url: str) -> dict:
    """Return what the transport of a broker is told, for ``filesystem://``, ``amqp://…`` or ``redis://…``.

    Publishing tries once and fails at once: the job row is there, so no request waits for a broker.
    """
    if url.startswith("amqp"):
        return {"confirm_publish": True, "max_retries": 0}
    if url.startswith(("redis", "unix")):
        # A task that is not done within visibility_timeout is delivered anew: longer than any attempt takes.
        patience = {"socket_connect_timeout": 1, "socket_timeout": 5, "socket_keepalive": True}
        return patience | {"visibility_timeout": 2 * JOB_LIMIT, "health_check_interval": 10, "max_retries": 0}
    folders = {name: VAR / "queue" / name for name in ("messages", "processed", "control")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "processed_folder": str(folders["processed"]),
        "control_folder": str(folders["control"]),
        "polling_interval": 0.2,
    }


SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = env_list("PORTAL_SECRET_KEY_FALLBACKS", "")  # former ones, still believed
DEBUG = env_bool("PORTAL_DEBUG", False)
DEMO = env_bool("PORTAL_DEMO", True)
# What personal data is sealed with in the database (``sealing``): keys, newest first; the cipher, aes or sm4.
FIELD_KEYS = field_keys()
FIELD_CIPHER = os.environ.get("PORTAL_FIELD_CIPHER", "aes")
ALLOWED_HOSTS = env_list("PORTAL_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("PORTAL_TRUSTED_ORIGINS", "")
# Whether requests take a role of PostgreSQL (portal.fence); what ``database_roles`` gives its two logins.
DATABASE_ROLES = env_bool("PORTAL_DATABASE_ROLES", False)
DATABASE_PASSWORDS = {
    "portal_web": os.environ.get("PORTAL_WEB_PASSWORD"),
    "portal_worker": os.environ.get("PORTAL_WORKER_PASSWORD"),
}
DATABASES = {"default": database(os.environ.get("DATABASE_URL", "sqlite:///"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "portal",
    "assessments",
    "brands",
    "workforce",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "import_export",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.request_id",
    "portal.body_limits.too_long_is_refused",
    "portal.shedding.too_late_is_said_so",
    "portal.middleware.PrivatePagesAreZipped",
    "portal.middleware.nobody_asks_yet",
    "portal.middleware.head_makes_no_body",
    "portal.throttling.Throttle",
    "portal.lanes.one_lane_is_the_publics",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.identity.sign_in_holds",
    "portal.identity.from_allowed_networks",
    "portal.middleware.somebody_asks",
    "portal.access_watch.watch",
    "portal.middleware.SignInFirst",
    "portal.middleware.change_first_password",
    "portal.identity.ConfirmAgain",
    "portal.middleware.private_pages_are_not_stored",
    "portal.middleware.limits_are_read_once",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.views.errors.a_form_has_no_page",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
                "portal.context_processors.desk",
            ],
            "builtins": ["portal.templatetags.portal_ui", "portal.templatetags.portal_address"],
        },
    }
]

AUTH_USER_MODEL = "portal.User"
LOGIN_URL, LOGIN_REDIRECT_URL = "login", "desk"
CSRF_FAILURE_VIEW = "portal.views.errors.token_refused"
PASSWORD_HASHERS = ["portal.hashers.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["portal.backends.OpenAccounts"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"portal.passwords.{name}"} for name in ("LongEnough", "Mixed", "Uncommon", "Unused")
]
# Days a password holds; 90 with its kinds: GB/T 22239-2019 8.1.4.1 a; 0: OWASP ASVS 5.0, 6.2.5 and 6.2.10.
PASSWORD_DAYS = int(os.environ.get("PORTAL_PASSWORD_DAYS", "90"))
PASSWORD_RESET_TIMEOUT = 7 * 86_400
# Whether province and administrators sign in with a second step: on in production, which is https without the
# demonstration (GB/T 22239-2019 8.1.4.1 d). Networks the administration is reached from; none named: all.
MFA_REQUIRED = env_bool("PORTAL_MFA_REQUIRED", env_bool("PORTAL_HTTPS", False) and not DEMO)
ADMIN_NETWORKS = env_list("PORTAL_ADMIN_NETWORKS", "")
# How many times the limits of portal.throttling are let through, 0: no limits; each process counts by itself.
THROTTLE = float(os.environ.get("PORTAL_THROTTLE", "1"))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
# Proxies that are believed when they say in X-Forwarded-For who asked; nobody else is.
TRUSTED_PROXIES = env_list("PORTAL_TRUSTED_PROXIES", "")

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
DATE_FORMAT = "Y-m-d"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": store(os.environ.get("PORTAL_S3_BUCKET", "")),
    "staticfiles": {"BACKEND": "portal.addressing.StaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = VAR / "media"

# To stderr, which whoever runs the portal keeps (./bin/up: var/log). Query strings are not logged.
LOG_FORMAT = os.environ.get("PORTAL_LOG_FORMAT", "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "portal.logs.Json" if LOG_FORMAT == "json" else "portal.logs.Formatter"}},
    "filters": {"flood": {"()": "portal.logs.FewOfAFlood"}},
    "handlers": {"stderr": {"class": "portal.logs.Stderr", "formatter": "line", "filters": ["flood"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},  # Django's own would drop it without DEBUG
        "portal.texting": {"level": "INFO"},  # what was not sent for want of a gateway
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20  # portal.body_limits knows of each route how much it takes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
UPLOAD_LIMIT = 10 * 2**20

HTTPS = env_bool("PORTAL_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_ENGINE = "portal.session_store"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
MESSAGE_STORAGE = "portal.cookies.Notices"
SESSION_COOKIE_AGE = 12 * 3600  # portal.sessions ends a sign-in before, and keeps its form
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = ["^metrics$"]  # asked for inside, from the web process itself, with its token
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if proxy_header := os.environ.get("PORTAL_PROXY_SSL_HEADER"):
    SECURE_PROXY_SSL_HEADER = (proxy_header, "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-reports/"],
    }
}

# Finished public pages: seconds a web process may trust what it knows of the content, bytes it may hold.
PAGES_LEASE = float(os.environ.get("PORTAL_PAGES_LEASE", "0.25"))
PAGES_MEMORY = int(os.environ.get("PORTAL_PAGES_MEMORY", "16")) * 2**20

# A job: seconds its worker may be silent before another takes it over, seconds one attempt may take.
JOB_LEASE = float(os.environ.get("PORTAL_JOB_LEASE", "30"))
JOB_LIMIT = int(os.environ.get("PORTAL_JOB_LIMIT", "1800"))
JOB_MEMORY = int(os.environ.get("PORTAL_JOB_MEMORY", "1024"))
# How many days the file of a report, or of a job that says nothing else, is kept.
REPORT_DAYS = int(os.environ.get("PORTAL_REPORT_DAYS", "30"))

# Who may read /metrics: whoever has this token; without one only this machine itself.
METRICS_TOKEN = os.environ.get("PORTAL_METRICS_TOKEN", "")
# Bytes that must be free where files are made, or /readyz says that the disk is low.
DISK_FLOOR = int(os.environ.get("PORTAL_DISK_FLOOR", "1024")) * 2**20
# Bytes that the files of one bureau may take, 0: any number; per cent of the disk that no upload goes into.
BUREAU_QUOTA = int(os.environ.get("PORTAL_BUREAU_QUOTA", "51200")) * 2**20
UPLOAD_FLOOR = int(os.environ.get("PORTAL_UPLOAD_FLOOR", "5"))
# The virus scanner that sees uploads first, none without it; whether they are taken while it is away.
SCANNER = scanner(os.environ.get("PORTAL_SCANNER", ""))
SCANNER_OPTIONAL = env_bool("PORTAL_SCANNER_OPTIONAL", False)

# Where the nightly backup goes, none without it; how many are kept there.
BACKUPS = Path(backups) if (backups := os.environ.get("PORTAL_BACKUPS")) else None
BACKUPS_KEPT = int(os.environ.get("PORTAL_BACKUPS_KEPT", "14"))

# Mail is off without an address of a server; the portal has no gateway for text messages, it logs.
MAIL_ON = bool(os.environ.get("PORTAL_EMAIL_URL"))
(
    EMAIL_HOST,
    EMAIL_PORT,
    EMAIL_HOST_USER,
    EMAIL_HOST_PASSWORD,
    EMAIL_USE_TLS,
    EMAIL_USE_SSL,
) = mail_server(os.environ.get("PORTAL_EMAIL_URL", ""))
EMAIL_TIMEOUT = 10  # seconds that a server may be silent
own_host = os.environ.get("PORTAL_SITE_DOMAIN") or "localhost"
DEFAULT_FROM_EMAIL = os.environ.get("PORTAL_EMAIL_FROM") or f"noreply@{own_host.partition(':')[0]}"
TEXT_BACKEND = os.environ.get("PORTAL_TEXT_BACKEND") or "portal.texting.LogBackend"

# With a host, which a folder has not: the client of the brokers warns where none is named.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "filesystem://localhost/")
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL)
CELERY_BROKER_USE_SSL = broker_tls(CELERY_BROKER_URL, os.environ.get("PORTAL_CA_FILE", ""))
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker comes back however long the broker was away
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_BROKER_HEARTBEAT = 20
# Beat must try twice, or it keeps a connection that has ended; whoever rings for a job says that it does not.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_max": 0.5}
CELERY_TASK_DEFAULT_QUEUE = "portal"
if CELERY_BROKER_URL.startswith("amqp"):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    # Nothing is sent with a delay; the 28 queues that Celery declares for it need not be replicated.
    CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE = "classic"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400 * 1024  # KB; looked at after a task, so a big one gives it back
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False  # all of the pool works on after a reconnection
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING holds for the worker too,
CELERY_WORKER_REDIRECT_STDOUTS = False  # and what it writes to stderr must not come round to itself
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "portal.tasks.sweep_jobs", "schedule": 10, "options": {"expires": 60}},
    "run-schedules": {"task": "portal.tasks.run_schedules", "schedule": 60, "options": {"expires": 60}},
    "fold-counts": {"task": "portal.tasks.fold_counts", "schedule": 120, "options": {"expires": 120}},
    "refresh-planner": {"task": "portal.tasks.refresh_planner", "schedule": crontab(minute=20)},
    "seal-access-log": {"task": "portal.tasks.seal_access_log", "schedule": 60, "options": {"expires": 60}},
    "nightly-purge": {"task": "portal.tasks.nightly_purge", "schedule": crontab(hour=0, minute=30)},
    "nightly-verify": {"task": "portal.tasks.nightly_verify", "schedule": crontab(hour=2, minute=30)},
    "remind-before-due": {"task": "portal.tasks.remind_before_due", "schedule": crontab(hour=8, minute=30)},
    "remind-of-waiting": {"task": "portal.tasks.remind_of_waiting", "schedule": crontab(hour=8, minute=30)},
    "send-deliveries": {"task": "portal.tasks.send_deliveries", "schedule": 60, "options": {"expires": 60}},
    "mail-digests": {"task": "portal.tasks.mail_digests", "schedule": crontab(hour=8, minute=10)},
    "tell-of-notices": {"task": "portal.tasks.tell_of_notices", "schedule": crontab(hour=8, minute=0)},
}
if BACKUPS:
    CELERY_BEAT_SCHEDULE["nightly-backup"] = {
        "task": "portal.tasks.nightly_backup",
        "schedule": crontab(hour=1, minute=30),
    }
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")

# The access log: hash of its chain (sha256, sm3), key of telephone numbers, place of anchors, days kept.
ACCESS_LOG_HASH = os.environ.get("PORTAL_ACCESS_LOG_HASH", "sha256")
# Production starts with a key of its own alone (``starting``): the secret key may change, this one stays.
ACCESS_LOG_OWN_KEY = os.environ.get("PORTAL_ACCESS_LOG_KEY", "")
ACCESS_LOG_KEY = ACCESS_LOG_OWN_KEY or SECRET_KEY
ACCESS_LOG_FOLDER = os.environ.get("PORTAL_ACCESS_LOG_FOLDER", str(VAR / "audit"))
ACCESS_LOG_DAYS = int(os.environ.get("PORTAL_ACCESS_LOG_DAYS", "1096"))
TERMS = env_list("PORTAL_TERMS", "")  # years after which personal data goes, "draft=1" (``terms``)

IMPORT_EXPORT_IMPORT_PERMISSION_CODE, IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "add", "view"

# Facts of the operating unit, never invented: an empty one is not rendered (国办发〔2017〕47号).
SITE = {
    "name": os.environ.get("PORTAL_SITE_NAME", "山东省技能品牌与考核项目"),
    "domain": os.environ.get("PORTAL_SITE_DOMAIN", ""),
    "owner": os.environ.get("PORTAL_SITE_OWNER", ""),
    "undertaker": os.environ.get("PORTAL_SITE_UNDERTAKER", ""),
    "contact": os.environ.get("PORTAL_SITE_CONTACT", ""),
    "phone": os.environ.get("PORTAL_SITE_PHONE", "12333"),  # the number of all bureaus, 劳社部函〔2003〕84号
    "icp": os.environ.get("PORTAL_SITE_ICP", ""),
    "icp_url": os.environ.get("PORTAL_SITE_ICP_URL", ""),
    "police_record": os.environ.get("PORTAL_SITE_POLICE_RECORD", ""),
    "police_url": os.environ.get("PORTAL_SITE_POLICE_URL", ""),
    "site_code": os.environ.get("PORTAL_SITE_CODE", ""),
    "badge_url": os.environ.get("PORTAL_SITE_BADGE_URL", ""),
    "errata_url": os.environ.get("PORTAL_SITE_ERRATA_URL", ""),
}
