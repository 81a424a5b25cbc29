"""What deploy/ says holds together: variables, commands, images, volumes, limits. Nothing is started here."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import reverse

from benchmarks import load_http
from portal import body_limits
from tests.test_docs import variables

DEPLOY = Path(settings.BASE_DIR) / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
ONCE = {"prepare", "bucket"}
OURS = {"prepare", "web", "worker", "beat"}
VAR = "/var/lib/portal"
SETTINGS = (Path(settings.BASE_DIR) / "portal" / "settings.py").read_text()
#: What the settings put into PORTAL_VAR for good → the services that write it, by themselves or by a command.
FOR_GOOD = {"audit": OURS, "backups": {"worker"}, "static": {"prepare"}, "beat-schedule": {"beat"}}
#: What else they put there → why it needs no volume.
NOT_HERE = {
    "secret_key": "PORTAL_SECRET_KEY",
    "portal.sqlite3": "DATABASE_URL",
    "test.sqlite3": "of the tests",
    "queue": "CELERY_BROKER_URL",
    "media": "PORTAL_S3_BUCKET",
}
#: Variables that compose does not pass on → why.
NOT_PASSED = {
    "PORTAL_VAR": "the image says it",
    "PORTAL_DEBUG PORTAL_DEMO_PASSWORD": "never in production",
    "PORTAL_DATABASE_ROLES PORTAL_WEB_PASSWORD PORTAL_WORKER_PASSWORD": "one login (operations.md)",
    "PORTAL_TRUSTED_ORIGINS": "one site",
    "PORTAL_MFA_REQUIRED": "on by itself here",
    "PORTAL_CA_FILE PORTAL_S3_REGION": "broker and store are those of this file",
    "PORTAL_TEXT_BACKEND": "a class that an image of one's own brings",
    "PORTAL_THROTTLE PORTAL_PAGES_LEASE PORTAL_PAGES_MEMORY": "measured as they are; put in to tune",
    "PORTAL_JOB_LEASE PORTAL_JOB_LIMIT PORTAL_JOB_MEMORY": "the same, beside rabbitmq.conf",
    "PORTAL_DISK_FLOOR PORTAL_UPLOAD_FLOOR": "the same",
}


def example() -> dict[str, str]:
    """Return the variables of the example environment."""
    lines = (DEPLOY / "portal.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_parts_of_the_portal_are_all_there():
    assert set(SERVICES) == OURS | {"db", "broker", "store", "bucket", "proxy"}


def test_every_variable_given_to_the_portal_is_one_the_settings_read():
    code = [settings.BASE_DIR / "portal" / name for name in ("settings.py", "environment.py")]
    read = {name for path in code for name in re.findall(r'"([A-Z0-9_]+)"', path.read_text())}

    assert {name: set(SERVICES[name]["environment"]) - read for name in OURS} == {
        name: set() for name in OURS
    }


def test_the_example_names_each_variable_that_is_asked_for_and_no_other():
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", (DEPLOY / "compose.yaml").read_text()))

    assert asked == set(example())


def test_every_setting_is_passed_on_or_named_with_the_reason_why_not():
    passed, left = set(SERVICES["web"]["environment"]), " ".join(NOT_PASSED).split()

    assert (passed & set(left), len(left)) == (set(), len(set(left)))
    assert {name for name in variables() if name.startswith("PORTAL_")} - passed == set(left)


def test_what_is_not_said_is_what_it_is_without_compose():
    said = re.findall(r"\$\{(PORTAL_\w+):?-([^}]+)\}", (DEPLOY / "compose.yaml").read_text())
    code = dict(re.findall(r'(?:environ\.get|env_bool)\(\s*"(PORTAL_\w+)", "?([^")]+)', SETTINGS))

    assert {name: value for name, value in said} == {
        name: {"False": "0"}.get(value := code[name], value) for name, _ in said
    }


def test_what_is_written_for_good_is_on_a_named_volume_of_every_service_that_writes_it():
    known = set(re.findall(r'VAR / "([^"]+)"', SETTINGS)) | {"backups"}
    lacking = [(name, at) for name, writers in FOR_GOOD.items() for at in writers if not lasts(at, name)]

    assert (known, lacking) == (set(FOR_GOOD) | set(NOT_HERE), [])
    given = SERVICES["web"]["environment"]
    folders = [given[f"PORTAL_{name}"].removeprefix(f"{VAR}/") for name in ("ACCESS_LOG_FOLDER", "BACKUPS")]
    assert folders == ["audit", "backups"]
    assert [name for name in NOT_HERE.values() if name.isupper() and name not in given] == []


def lasts(service: str, name: str) -> bool:
    """Say whether a service writes a file or folder of PORTAL_VAR to a volume that outlives its container."""
    mounts = [volume.split(":") for volume in SERVICES[service]["volumes"]]
    return any(
        f"{VAR}/{name}".startswith(where) and source in COMPOSE["volumes"] and "ro" not in rest
        for source, where, *rest in mounts
    )


def test_the_monitoring_reaches_web_alone_and_no_address_from_there_is_believed_as_a_proxy():
    inside = {name for name, its in SERVICES.items() if "monitoring" in its.get("networks", [])}
    web = SERVICES["web"]

    assert (inside, COMPOSE["networks"]["monitoring"]) == ({"web"}, {"internal": True})
    assert web["networks"] == ["default", "monitoring"]
    (trusted,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert web["environment"]["PORTAL_TRUSTED_PROXIES"] == trusted["subnet"]
    assert "web" in web["environment"]["PORTAL_ALLOWED_HOSTS"].split(",")


def test_no_secret_has_a_value_in_the_repository():
    kinds = re.compile("(_PASSWORD|SECRET_KEY|FIELD_KEYS|LOG_KEY)$")
    secrets = {name: value for name, value in example().items() if kinds.search(name)}

    assert set(secrets.values()) == {"…"}
    assert not re.search(r"(?:PASSWORD|SECRET)[A-Z_]*: (?!\$\{)\S", (DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_an_image_is_pinned_and_restarts_as_it_should(name):
    service = SERVICES[name]

    image, _, tag = service["image"].rpartition(":")
    assert (bool(image), tag) != (True, "latest")
    assert bool(re.search(r"\d", tag)) or service["image"] == "portal:local"
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    assert ("healthcheck" in service) == (name not in ONCE | {"beat"})


def test_services_and_volumes_that_are_named_exist():
    waited = {other for service in SERVICES.values() for other in service.get("depends_on", {})}
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert waited - set(SERVICES) == set()
    assert {name for name in mounted if not name.startswith((".", "/"))} == set(COMPOSE["volumes"])
    assert {name for name in mounted if name.startswith("./")} == {"./rabbitmq.conf", "./nginx.conf", "./tls"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_command_of_a_part_exists(name):
    image = re.search(r"^CMD \[(.*?)\]", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    program, *rest = SERVICES[name].get("command") or re.findall(r'"([^"]+)"', image[1])

    known = rest[1] in get_commands() if program == "python" else shutil.which(program, path=bin_folder())
    assert known


def bin_folder() -> str:
    """Return where the programs of this environment are."""
    return str(Path(sys.executable).parent)


def test_what_the_image_copies_is_there():
    copied = re.findall(r"^COPY (\S+) ", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()

    assert [path for path in copied if not (settings.BASE_DIR / path).exists()] == []
    assert {line[1:] for line in let_in if line.startswith("!")} == set(copied)


def test_the_image_runs_as_nobody_special_from_pins_with_hashes():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()

    assert [line for line in lines if line.startswith("USER")] == ["USER portal"]
    assert " && pip install --no-cache-dir --require-hashes --requirement /srv/requirements.txt" in lines


def test_the_proxy_speaks_new_tls_with_sealed_ciphers_alone_and_leads_no_program_on():
    said = (DEPLOY / "nginx.conf").read_text()
    ciphers = re.findall(r"ssl_ciphers (\S+);", said)[0].split(":")
    in_the_open, sealed = said.split("listen 443 ssl")

    assert re.findall(r"ssl_protocols (.+);", said) == ["TLSv1.2 TLSv1.3"]
    assert [name for name in ciphers if not re.fullmatch(r"ECDHE-.+-(GCM-SHA\d+|POLY1305)", name)] == []
    assert re.findall(r"location (\S+) \{\s+return (\d+)", in_the_open) == [("/api/", "403"), ("/", "301")]
    assert sealed.count("proxy_pass http://portal;") == 5


def test_every_answer_over_tls_says_once_that_https_is_for_good():
    sealed = (DEPLOY / "nginx.conf").read_text().split("listen 443 ssl")[1]
    places = re.split(r"^        location ", sealed, flags=re.MULTILINE)
    said = 'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains; preload" always;'

    assert (said in places[0], "proxy_hide_header Strict-Transport-Security;" in places[0]) == (True, True)
    assert [place for place in places[1:] if "add_header" in place and said not in place] == []
    assert [place for place in places[1:] if "proxy_hide_header" in place] == []


def test_the_proxy_gives_static_files_the_headers_of_pages_and_lists_no_folder():
    said = (DEPLOY / "nginx.conf").read_text()
    static = re.findall(r"location /static/ \{(.+?)\}", said, re.DOTALL)[0]

    assert "autoindex" not in said
    assert dict(re.findall(r'add_header (\S+) "?(.+?)"? always;', static)) == {
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
        "Content-Security-Policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    }


def let_in(address: str) -> int:
    """Return the most bytes the proxy takes at an address: of the first expression that fits, else of all."""
    said = (DEPLOY / "nginx.conf").read_text()
    at = re.findall(r"location ~ (\S+) \{\s+client_max_body_size (\d+)m;", said)
    of_all = re.findall(r"^    client_max_body_size (\d+)m;", said, re.MULTILINE)
    found = [most for expression, most in at if re.search(expression, address)] or of_all
    return int(found[0]) * 2**20


SENT_TO = {
    "filing-upload": reverse("filing-upload", args=[7, "video"]),
    "filing-archive": reverse("filing-archive", args=[7]),
    "filing-import": reverse("filing-import"),
    "history-list": reverse("history-list"),
    "edition-import": reverse("edition-import", args=[7]),
    "edition-attach": reverse("edition-attach", args=[7]),
}


def test_the_proxy_takes_as_much_at_each_address_as_the_portal():
    most = {name: body_limits.most(name) for name in SENT_TO}

    assert set(SENT_TO) == {body_limits.SLOT, *body_limits.UPLOADS}
    assert [name for name, address in SENT_TO.items() if most[name] > let_in(address)] == []
    for size in {let_in(address) for address in SENT_TO.values()}:
        largest = max(most[name] for name, address in SENT_TO.items() if let_in(address) == size)
        assert (size - largest) // 2**20 == 0


def test_everywhere_else_the_proxy_takes_no_more_than_the_longest_form():
    elsewhere = [reverse("login"), reverse("filing-edit", args=[7]), reverse("filing-materials", args=[7])]

    assert {let_in(address) for address in elsewhere} == {settings.DATA_UPLOAD_MAX_MEMORY_SIZE}


def test_the_proxy_hands_a_body_on_when_it_is_whole_and_counts_who_sends_files():
    said = (DEPLOY / "nginx.conf").read_text()
    files = re.findall(r"location ~ \^/desk/filings/\S+ \{(.+?)\}", said, re.DOTALL)

    assert "proxy_request_buffering" not in said  # on, unless somebody says otherwise
    assert [re.findall(r"limit_conn (\w+) (\d+);", one) for one in files] == [
        [("people", "50"), ("senders", "20")]
    ] * 2


def test_the_proxy_is_told_sizes_in_units_it_starts_with():
    sizes = re.findall(r"^\s+\w+_size (\S+);", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)

    assert (len(sizes), [size for size in sizes if not re.fullmatch(r"\d+[km]?", size)]) == (5, [])


def test_the_broker_waits_longer_for_an_acknowledgement_than_a_job_may_take():
    (timeout,) = re.findall(r"consumer_timeout = (\d+)", (DEPLOY / "rabbitmq.conf").read_text())

    assert int(timeout) / 1000 > 2 * settings.JOB_LIMIT


def test_a_connection_of_the_proxy_ends_so_that_a_web_process_that_is_new_gets_some():
    said = (DEPLOY / "nginx.conf").read_text()

    (seconds,) = re.findall(r"upstream portal \{[^}]*keepalive_time (\d+)s;", said)

    assert int(seconds) == load_http.LIFE  # what the load was measured with


def test_the_database_gives_a_host_up_that_fell_in_the_middle_of_a_transaction():
    bounds = {"idle_in_transaction_session_timeout=5min", "tcp_keepalives_idle=60"}

    assert bounds <= set(SERVICES["db"]["command"])
