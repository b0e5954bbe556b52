from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator.services.permissions import CALLER

EXAMPLES = {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}
ROLE = {"paths": ["role"]}


@pytest.fixture
def client(api: Any) -> Any:
    return api("PermissionService")


@pytest.fixture
def corpus(api: Any) -> str:
    return str(api("RetrieverService").create_corpus(corpus={}).name)


@pytest.fixture
def tuned(api: Any) -> str:
    api("ModelService").create_tuned_model(
        tuned_model_id="mine",
        tuned_model={
            "base_model": "models/gemini-1.5-flash-001-tuning",
            "tuning_task": {"training_data": EXAMPLES},
        },
    )
    return "tunedModels/mine"


def user(email: str, role: str = "READER") -> dict[str, str]:
    return {"grantee_type": "USER", "email_address": email, "role": role}


def roles(client: Any, parent: str) -> dict[str, str]:
    return {
        each.email_address or each.grantee_type.name: each.role.name
        for each in client.list_permissions(parent=parent)
    }


def test_who_creates_a_resource_owns_it(client: Any, corpus: str, tuned: str) -> None:
    assert roles(client, corpus) == roles(client, tuned) == {CALLER: "OWNER"}


def test_a_user_a_group_and_everyone_can_be_given_a_role(client: Any, corpus: str) -> None:
    client.create_permission(parent=corpus, permission=user("a@example.com", "WRITER"))
    group = user("g@example.com") | {"grantee_type": "GROUP"}
    client.create_permission(parent=corpus, permission=group)
    everyone = {"grantee_type": "EVERYONE", "role": "READER"}
    client.create_permission(parent=corpus, permission=everyone)
    assert roles(client, corpus) == {
        CALLER: "OWNER",
        "a@example.com": "WRITER",
        "g@example.com": "READER",
        "EVERYONE": "READER",
    }


def test_a_grantee_has_one_permission(client: Any, corpus: str) -> None:
    client.create_permission(parent=corpus, permission=user("a@example.com"))
    with pytest.raises(errors.AlreadyExists):
        client.create_permission(parent=corpus, permission=user("a@example.com", "WRITER"))


@pytest.mark.parametrize(
    "permission",
    [
        {"grantee_type": "USER", "role": "READER"},
        {"grantee_type": "EVERYONE", "email_address": "a@example.com", "role": "READER"},
        {"email_address": "a@example.com", "role": "READER"},
        {"grantee_type": "EVERYONE"},
        {"grantee_type": "EVERYONE", "role": "ROLE_UNSPECIFIED"},
    ],
    ids=str,
)
def test_a_permission_without_sense_is_refused(
    client: Any, corpus: str, permission: dict[str, str]
) -> None:
    with pytest.raises(errors.InvalidArgument):
        client.create_permission(parent=corpus, permission=permission)


def test_only_the_role_can_change(client: Any, corpus: str) -> None:
    made = client.create_permission(parent=corpus, permission=user("a@example.com"))
    given = {"name": made.name, "role": "WRITER", "email_address": "b@example.com"}
    changed = client.update_permission(permission=given, update_mask=ROLE)
    assert (changed.role.name, changed.email_address) == ("WRITER", "a@example.com")
    with pytest.raises(errors.InvalidArgument, match="update_mask"):
        client.update_permission(permission=given, update_mask={"paths": ["email_address"]})
    with pytest.raises(errors.InvalidArgument, match=r"permission\.role"):
        client.update_permission(permission={"name": made.name}, update_mask=ROLE)


def test_a_corpus_keeps_an_owner(client: Any, corpus: str) -> None:
    (mine,) = client.list_permissions(parent=corpus)
    with pytest.raises(errors.FailedPrecondition, match="only owner"):
        client.delete_permission(name=mine.name)
    with pytest.raises(errors.FailedPrecondition, match="only owner"):
        client.update_permission(permission={"name": mine.name, "role": "READER"}, update_mask=ROLE)
    same = client.update_permission(
        permission={"name": mine.name, "role": "OWNER"}, update_mask=ROLE
    )
    assert same.role.name == "OWNER"


def test_a_corpus_may_have_two_owners(client: Any, corpus: str) -> None:
    client.create_permission(parent=corpus, permission=user("a@example.com", "OWNER"))
    (mine, _) = client.list_permissions(parent=corpus)
    client.delete_permission(name=mine.name)
    with pytest.raises(errors.PermissionDenied):
        client.create_permission(parent=corpus, permission=user("b@example.com"))


def test_a_tuned_model_changes_hands_by_transfer_alone(client: Any, tuned: str) -> None:
    with pytest.raises(errors.InvalidArgument, match="TransferOwnership"):
        client.create_permission(parent=tuned, permission=user("a@example.com", "OWNER"))
    client.transfer_ownership(name=tuned, email_address="a@example.com")
    assert roles(client, tuned) == {CALLER: "WRITER", "a@example.com": "OWNER"}


def test_who_has_a_role_already_becomes_the_owner(client: Any, tuned: str) -> None:
    client.create_permission(parent=tuned, permission=user("a@example.com"))
    everyone = {"grantee_type": "EVERYONE", "role": "READER"}
    client.create_permission(parent=tuned, permission=everyone)
    client.transfer_ownership(name=tuned, email_address="a@example.com")
    assert roles(client, tuned) == {
        CALLER: "WRITER",
        "a@example.com": "OWNER",
        "EVERYONE": "READER",
    }


def test_what_was_handed_over_cannot_be_again(client: Any, tuned: str) -> None:
    with pytest.raises(errors.InvalidArgument, match="already"):
        client.transfer_ownership(name=tuned, email_address=CALLER)
    client.transfer_ownership(name=tuned, email_address="a@example.com")
    with pytest.raises(errors.PermissionDenied):
        client.transfer_ownership(name=tuned, email_address="b@example.com")


def test_a_permission_is_revoked_once(client: Any, corpus: str) -> None:
    made = client.create_permission(parent=corpus, permission=user("a@example.com"))
    client.delete_permission(name=made.name)
    with pytest.raises(errors.NotFound):
        client.delete_permission(name=made.name)


def test_other_users_keep_their_roles_in_a_transfer(client: Any, tuned: str) -> None:
    client.create_permission(parent=tuned, permission=user("b@example.com"))
    client.transfer_ownership(name=tuned, email_address="a@example.com")
    assert roles(client, tuned)["b@example.com"] == "READER"
