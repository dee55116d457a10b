"""Accounts of the review app: adding people, and signing in with a password. Passwords are stored as argon2id hashes."""

import hashlib
import secrets
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.people import SESSION_LASTS, Person, PersonRole, check_password
from llm_assets.usecases.desk.assembly import Assembly

_HASHER = PasswordHasher()  # argon2id with RFC 9106's second recommended parameters: 64 MiB, three passes
NO_PASSWORD = ""
"""Stored where a hash would be."""
_NOBODY = _HASHER.hash(secrets.token_hex())
"""What an unknown name is compared with, so that names cannot be told by the time an answer takes."""

__all__ = [
    "Person",
    "PersonRole",
    "add",
    "change_password",
    "close",
    "person_of",
    "remove",
    "sign_in",
    "sign_in_as",
]


def add(assembly: Assembly, name: str, role: str, queues: Sequence[str], password: str | None) -> Person:
    """Without a password the person signs in at the identity provider alone.

    Raises ConfigurationError for an unknown role or queue, a weak password and a name that is taken."""
    known = [q.name for q in assembly.queues.queues]
    for queue in queues:
        if queue not in known:
            raise ConfigurationError(f"queue {queue} is not known; use one of: {', '.join(known)}")
    try:
        person = Person(name, PersonRole(role), tuple(queues))
    except ValueError as err:
        raise ConfigurationError(f"role {role} is not known; use one of: {', '.join(PersonRole)}") from err
    if password is not None:
        check_password(password, name)
    if not assembly.ledger.people.add(
        person, _HASHER.hash(password) if password is not None else NO_PASSWORD
    ):
        raise ConfigurationError(f"{name} exists already: change the password or remove the account first")
    return person


def change_password(assembly: Assembly, name: str, password: str) -> None:
    """Ends the person's sessions. Raises ConfigurationError for a weak password or an unknown name."""
    check_password(password, name)
    if not assembly.ledger.people.change_password(name, _HASHER.hash(password)):
        raise ConfigurationError(f"{name} is nobody's name; `users list` shows all")


def remove(assembly: Assembly, name: str) -> None:
    """Raises ConfigurationError for an unknown name."""
    if not assembly.ledger.people.remove(name):
        raise ConfigurationError(f"{name} is nobody's name; `users list` shows all")


def sign_in(assembly: Assembly, name: str, password: str) -> str | None:
    """The token of a new session; None when name or password is wrong."""
    found = assembly.ledger.people.with_hash(name)
    try:
        _HASHER.verify(found[1] if found is not None and found[1] != NO_PASSWORD else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return None
    return sign_in_as(assembly, found[0]) if found is not None else None


def sign_in_as(assembly: Assembly, person: Person) -> str:
    """The token of a new session of a person who has proven who they are."""
    token = secrets.token_urlsafe(32)
    assembly.ledger.people.open_session(_hash(token), person, assembly.clock() + SESSION_LASTS)
    return token


def person_of(assembly: Assembly, token: str) -> Person | None:
    """Who a session's token belongs to; None when it has ended."""
    return assembly.ledger.people.session(_hash(token)) if token else None


def close(assembly: Assembly, token: str) -> None:
    """Ends a session."""
    assembly.ledger.people.close_session(_hash(token))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
