"""Permissions are given, listed, changed, taken away and handed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.permissions import GranteeType, Permission, Permissions, Role
from tests.generative.shell import BOTH, Shell, each, label, quiet_shell_of, shell_of

BASE = "models/gemini-1.5-flash-001-tuning"


@pytest.fixture(params=each(), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(scope="module", params=each(), ids=label)
def quiet(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with quiet_shell_of(*request.param) as made:
        yield made


@pytest.fixture(params=["corpus", "tuned model"])
def owner(request: pytest.FixtureRequest, shell: Shell) -> Any:
    if request.param == "corpus":
        return shell.call("corpora.create_corpus", "manuals")
    operation = shell.call("tuning.create_tuned_model", BASE, [("1", "2")], id="mine")
    return shell.colour.call(operation.result)


def test_a_permission_is_given_changed_and_taken_away(shell: Shell, owner: Any) -> None:
    given = shell.do(owner.permissions, "create", "reader", "group", "team@example.com")
    assert (given.role, given.grantee_type) == (Role.READER, GranteeType.GROUP)
    assert given.role.name == "READER"
    assert given.email_address == "team@example.com"
    assert given.name.startswith(f"{owner.name}/permissions/")
    assert shell.do(given, "update", {"role": "WRITER"}) is given
    assert given.role is Role.WRITER
    assert list(shell.sent("UpdatePermission")[-1].update_mask.paths) == ["role"]
    assert shell.do(Permission, "get", given.name, client=shell.client) == given
    assert shell.do(Permissions, "get", given.name, client=shell.client) == given
    assert shell.call("permissions.get_permission", given.name) == given
    shell.do(given, "delete")
    with pytest.raises(errors.NotFound):
        shell.call("permissions.get_permission", given.name)


def test_permissions_are_listed_page_by_page(shell: Shell, owner: Any) -> None:
    everyone = shell.do(owner.permissions, "create", Role.READER, GranteeType.EVERYONE)
    user = shell.do(owner.permissions, "create", "writer", email_address="a@example.com")
    assert user.grantee_type is GranteeType.USER
    listed = shell.do(owner.permissions, "list", page_size=1)
    assert [each.role for each in listed] == [Role.OWNER, Role.READER, Role.WRITER]
    assert len(shell.sent("ListPermissions")) == 3
    assert shell.colour.drain(owner.permissions) == listed
    assert shell.call("permissions.list_permissions", owner) == listed
    assert everyone in listed
    assert everyone.email_address == ""


def test_a_permission_is_given_by_the_name_of_the_resource(shell: Shell, owner: Any) -> None:
    given = shell.call("permissions.create_permission", owner.name, 3, "everyone")
    assert given.role is Role.READER
    by_name = Permissions(owner.name)
    assert by_name.parent == owner.permissions.parent == owner.name
    assert given in shell.do(by_name, "list", client=shell.client)


def test_a_tuned_model_is_handed_over(shell: Shell) -> None:
    operation = shell.call("tuning.create_tuned_model", BASE, [("1", "2")], id="mine")
    model = shell.colour.call(operation.result)
    shell.do(model.permissions, "transfer_ownership", "new@example.com")
    roles = {each.email_address: each.role for each in shell.do(model.permissions, "list")}
    assert roles == {"owner@example.com": Role.WRITER, "new@example.com": Role.OWNER}
    with pytest.raises(errors.PermissionDenied):
        shell.call("permissions.transfer_ownership", "mine", "other@example.com")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("chief", "everyone"), "role is 'chief'"),
        (("reader", "nobody"), "grantee_type is 'nobody'"),
        (("reader",), "grantee_type is None"),
        (("reader", "everyone", "a@example.com"), "with grantee_type 'everyone' there is none"),
        (("reader", "user"), "email_address is None; expected the address"),
        (("reader", "group", ""), "email_address is ''"),
    ],
)
def test_a_permission_that_makes_no_sense_is_refused(
    quiet: Shell, arguments: tuple[Any, ...], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        quiet.call("permissions.create_permission", "corpora/x", *arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        ("create_permission", ("models/x", "reader", "everyone"), "parent: 'models/x' is no name"),
        ("get_permission", ("corpora/x",), "name: 'corpora/x' is no name of a permission"),
        ("get_permission", ("x",), "name: 'x' is no name of a permission"),
        ("list_permissions", ("x",), "parent: 'x' is no name of a tuned model or corpus"),
        ("list_permissions", ("corpora/x", -1), "page_size is -1"),
        ("transfer_ownership", ("corpora/x", "a@example.com"), "is no name of a tuned model"),
        ("transfer_ownership", ("tunedModels/x", " "), "email_address is ' '"),
    ],
)
def test_bad_names_are_refused_before_anything_is_sent(
    quiet: Shell, function: str, arguments: tuple[Any, ...], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        quiet.call(f"permissions.{function}", *arguments)


@pytest.mark.parametrize("updates", [{"grantee_type": "user"}, {"role": "chief"}, {}, None])
def test_only_the_role_can_be_changed(quiet: Shell, updates: Any) -> None:
    permission = Permission(name="corpora/x/permissions/y", role="READER")
    with pytest.raises(errors.ArgumentError):
        quiet.do(permission, "update", updates, client=quiet.client)


@pytest.mark.parametrize("colour", BOTH)
def test_vertex_has_no_permissions(colour: str) -> None:
    with quiet_shell_of(colour, "vertex") as shell:
        for function, arguments in (
            ("create_permission", ("tunedModels/x", "reader", "everyone")),
            ("get_permission", ("tunedModels/x/permissions/y",)),
            ("list_permissions", ("tunedModels/x",)),
            ("transfer_ownership", ("tunedModels/x", "a@example.com")),
        ):
            with pytest.raises(UnsupportedError, match="Vertex AI has no method"):
                shell.call(f"permissions.{function}", *arguments)
