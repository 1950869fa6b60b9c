"""What of SCIM's users and groups is kept, and how a directory's people become employees.

A directory may send far more: addresses, telephone numbers, titles, managers. Nobody needs them at a gate, so they are
dropped and named on the page of the directory.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator
from scim2_models import (
    URN,
    AnyExtension,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.resources.user import Name

from app.core.errors import BadInput
from app.services.access.directories.group_sync import SentGroup
from app.services.access.directories.people_sync import Sent

MOST_RESULTS = 200
MOST_CHARS = 1_000  # of any text; the fields of an employee have tighter limits of their own


def _bounded(text: str | None) -> str | None:
    if text is not None and len(text) > MOST_CHARS:
        raise ValueError(f"at most {MOST_CHARS} characters are kept")
    return text


class EmailAddress(ComplexAttribute):
    value: str | None = None
    type: str | None = None
    primary: bool | None = None

    bounded = field_validator("value", "type")(_bounded)


class GroupMembership(ComplexAttribute):
    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    display: Annotated[str | None, Mutability.read_only] = None


class EnterpriseUser(Extension):
    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None

    bounded = field_validator("employee_number")(_bounded)


class User(Resource[AnyExtension]):
    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    active: bool | None = None
    emails: list[EmailAddress] | None = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None

    Name: ClassVar[type[ComplexAttribute]] = Name
    Emails: ClassVar[type[ComplexAttribute]] = EmailAddress
    Groups: ClassVar[type[ComplexAttribute]] = GroupMembership

    bounded = field_validator("user_name", "display_name", "external_id")(_bounded)


class GroupMember(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    # The schema names the resource by these letters alone.
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true, Uniqueness.server] = None
    members: list[GroupMember] | None = None

    Members: ClassVar[type[ComplexAttribute]] = GroupMember

    bounded = field_validator("display_name", "external_id")(_bounded)


# What Entra ID and Okta send beside the rules: attributes that nobody declares, members to remove in a value, and a
# filter that names an entry to make.
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(User[EnterpriseUser]), ResourceType.from_resource(Group)],
    config=ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Key of a directory",
                description="Authorization: Bearer KEY. An admin makes the key at Settings, Directories.",
                primary=True,
            )
        ],
    ),
    policy=ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    ),
)


def sent_person(user: Any) -> Sent:
    """What a SCIM user says of an employee. Raises BadInput without a name that can be shown."""
    extension = user[EnterpriseUser]
    number = (extension.employee_number or "").strip() if extension else ""
    kept = user.model_dump(exclude={"id", "meta", "schemas", "groups"})
    return Sent(
        user_name=user.user_name,
        external_id=user.external_id,
        number=number or None,
        name=_name(user),
        email=_email(user),
        active=user.active,
        attributes=kept,
        ignored=(*unknown(user), *(unknown(extension) if extension else ())),
    )


def sent_group(group: Any, *, members: bool = True) -> SentGroup:
    """What a SCIM group says. members: False leaves them as they are. Raises BadInput."""
    ids: set[str] = set()
    for member in (group.members or []) if members else ():
        if not member.value:
            raise BadInput("unknown_member", "A member has no value: the id of a user.")
        ids.add(member.value)
    return SentGroup(group.display_name, group.external_id, frozenset(ids) if members else None, tuple(unknown(group)))


def _name(user: Any) -> str:
    parts = user.name
    joined = " ".join(part for part in (parts.given_name, parts.family_name) if part) if parts else ""
    whole = user.display_name or joined or (parts.formatted if parts else None) or user.user_name
    return " ".join(str(whole).split())


def _email(user: Any) -> str | None:
    addresses = [one for one in user.emails or [] if one.value]
    best = next((one for one in addresses if one.primary), addresses[0] if addresses else None)
    return None if best is None else best.value.strip() or None


def unknown(resource: Any) -> Iterator[str]:
    """Names of attributes that were sent and are not kept; none of their values."""
    for name in resource.unknown_attributes or {}:
        yield str(name)[:100]
