"""The cluster's files, held against the code, since no container engine runs in the tests."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_command
from django.core.management import get_commands, load_command_class
from django.urls import resolve
from uvicorn.main import main as uvicorn_command

from spm.database_url import django_database, with_database_number
from spm.embedded import postgresql

PROJECT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "live", "worker", "beat", "migrate")
DOCUMENT = (PROJECT / "docs" / "deployment.md").read_text()
NOT_OURS = {"FORWARDED_ALLOW_IPS"}  # uvicorn's


def variables_that_settings_read() -> set[str]:
    source = (PROJECT / "spm" / "settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))


def environment(service: str) -> dict[str, str]:
    """A service's environment, with every variable of the operator's filled in by its name."""
    given: dict[str, str] = SERVICES[service].get("environment", {})
    return {name: re.sub(r"\$\{(\w+)[^}]*\}", r"\1", value) for name, value in given.items()}


def command(service: str) -> list[str]:
    """A service's command line; the image's own where the service names none."""
    if named := SERVICES[service].get("command"):
        return [str(word) for word in named]
    dockerfile = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
    found = re.search(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    assert found
    return [str(word) for word in yaml.safe_load(found[1])]


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield str(value)


def test_the_cluster_has_every_part_that_up_starts_and_a_door() -> None:
    assert set(SERVICES) == {*OURS, "proxy", "postgresql", "valkey"}


@pytest.mark.parametrize("service", ["web", "live"])
def test_the_web_services_run_the_application_on_the_port_the_proxy_asks(service: str) -> None:
    program, *arguments = command(service)
    assert program == "uvicorn"
    options = uvicorn_command.make_context("uvicorn", arguments).params
    module, attribute = options["app"].split(":")
    assert callable(getattr(importlib.import_module(module), attribute))
    assert options["host"] == "0.0.0.0"
    assert f"dynamic a {service} {options['port']}" in (PROJECT / "deploy/Caddyfile").read_text()
    grace = int(SERVICES[service]["stop_grace_period"].rstrip("s"))
    assert options["timeout_graceful_shutdown"] < grace


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_the_celery_services_name_options_that_celery_knows(service: str) -> None:
    program, *arguments = command(service)
    assert program == "celery"
    assert arguments[:2] == ["-A", "spm.celery:app"]
    subcommand = celery_command.commands[arguments[2]]
    parser = subcommand.make_parser(subcommand.context_class(subcommand))
    assert arguments[2] == service
    parser.parse_args(args=list(arguments[3:]))


def test_migrations_run_as_the_owner_and_nothing_else_knows_the_owner() -> None:
    program, script, name, *arguments = command("migrate")
    assert (program, script) == ("python", "manage.py")
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    assert parser.parse_args(arguments).database == "owner"
    assert django_database(environment("migrate")["DATABASE_OWNER_URL"])["USER"] == "spm_owner"
    for service in set(OURS) - {"migrate"}:
        assert "DATABASE_OWNER_URL" not in environment(service)
        assert "OWNER" not in " ".join(leaves(SERVICES[service]))


@pytest.mark.parametrize("service", OURS)
def test_a_service_gets_only_variables_that_settings_read(service: str) -> None:
    given = set(environment(service)) - NOT_OURS
    assert given <= variables_that_settings_read()
    assert {"DATABASE_URL", "REDIS_URL", "SPM_SECRET_KEY"} <= given


@pytest.mark.parametrize("service", OURS)
def test_a_service_reaches_the_database_and_valkey_by_their_names(service: str) -> None:
    database = django_database(environment(service)["DATABASE_URL"])
    assert (database["HOST"], database["NAME"]) == ("postgresql", postgresql.DATABASE)
    assert database["USER"] == postgresql.RUNTIME
    assert with_database_number(environment(service)["REDIS_URL"], 2).endswith("@valkey:6379/2")


def test_the_roles_of_a_cluster_are_those_of_a_laptop() -> None:
    script = (PROJECT / "deploy" / "database-roles.sh").read_text()
    created = re.findall(r"CREATE ROLE (\w+) LOGIN NOSUPERUSER", script)
    assert created == [postgresql.OWNER, postgresql.RUNTIME]
    assert f"CREATE DATABASE {postgresql.DATABASE} OWNER {postgresql.OWNER};" in script
    passwords = set(re.findall(r'"\$(\w+)"', script))
    assert passwords <= set(SERVICES["postgresql"]["environment"])


def test_every_service_has_a_health_check_and_ours_wait_for_what_they_need() -> None:
    for name, service in SERVICES.items():
        assert name == "migrate" or service["healthcheck"]["test"], name
    for name in ("web", "live", "worker", "beat"):
        needs = {need: how["condition"] for need, how in SERVICES[name]["depends_on"].items()}
        assert needs == {
            "migrate": "service_completed_successfully",
            "postgresql": "service_healthy",
            "valkey": "service_healthy",
        }


@pytest.mark.parametrize("service", ["web", "live"])
def test_the_health_check_asks_a_page_that_exists_by_a_name_that_is_allowed(service: str) -> None:
    *_, script = SERVICES[service]["healthcheck"]["test"]
    found = re.search(r"http://(\w+):8000(/\w+)", script)
    assert found
    assert resolve(found[2]).url_name == "health"
    assert found[1] in environment(service)["SPM_ALLOWED_HOSTS"].split(",")


def test_live_streams_go_to_the_live_service_and_all_else_to_the_web() -> None:
    routes = (PROJECT / "deploy" / "Caddyfile").read_text()
    first, second = routes.split("handle /live {")[1].split("handle {")
    assert "dynamic a live" in first
    assert "flush_interval -1" in first
    assert "dynamic a web" in second


def test_only_the_door_is_open_to_the_outside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"proxy"}


def test_no_secret_has_a_value_or_a_default_in_the_file() -> None:
    for text in leaves(SERVICES):
        for name in re.findall(r"\$\{([^}]*)\}", text):
            assert name.endswith(":?") or ("PASSWORD" not in name and "KEY" not in name), name
        assert not re.search(r"://\w+:(?!\$\{)[^@/]+@", text), text


@pytest.mark.parametrize("service", SERVICES)
def test_a_secret_comes_from_the_environment_and_nothing_starts_without_it(service: str) -> None:
    for name, value in SERVICES[service].get("environment", {}).items():
        if "PASSWORD" in name or "KEY" in name:
            assert re.fullmatch(r"\$\{\w+:\?\}", value), name


def test_there_is_one_beat_and_the_data_outlive_their_containers() -> None:
    assert SERVICES["beat"]["deploy"]["replicas"] == 1
    assert SERVICES["web"]["deploy"]["replicas"] > 1
    assert SERVICES["worker"]["deploy"]["replicas"] > 1
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (PROJECT / source).is_file(), volume


def test_the_image_holds_no_data_no_secrets_and_runs_as_nobody_special() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert {".spm/", ".env", ".git/", ".venv/"} <= set(ignored)
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    assert "USER office" in lines
    assert any("requirements.lock" in line for line in lines)


def test_every_variable_that_settings_read_is_documented() -> None:
    asked_of_the_operator = set(re.findall(r"\$\{(\w+):\?", "".join(leaves(COMPOSE))))
    for name in variables_that_settings_read() | asked_of_the_operator:
        assert f"`{name}`" in DOCUMENT, name
