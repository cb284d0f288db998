"""What each destination is to have, from network.yaml and the audiences' own files."""

from dagster_project.audiences import Audience, load_audiences
from dagster_project.errors import NetworkError
from dagster_project.network import Network
from dagster_project.outbound import EVERYONE, Destination
from dagster_project.publish.difference import Wish, attributes_of
from dagster_project.publish.guards import Finding
from dagster_project.publish.payload import NO_ATTRIBUTES, Profiles
from dagster_project.publish.tool import Fields


def audiences_by_name(network: Network) -> dict[str, Audience]:
    return {audience.name: audience for audience in load_audiences(network)}


def wish_of(destination: Destination, audiences: dict[str, Audience]) -> Wish:
    """With lists, a destination has the audiences they name; without, everyone and every audience meant for it.

    Wish.attributes are those asked for, () for all. Raises NetworkError when a list is of no audience.
    """
    meant = {a.name for a in audiences.values() if a.destinations is None or destination.name in a.destinations}
    if unknown := sorted(destination.lists.keys() - meant - {EVERYONE}):
        raise NetworkError(
            f"destination {destination.name}: lists names {', '.join(unknown)}; "
            f"audiences for it are {', '.join([EVERYONE, *sorted(meant)])}"
        )
    names = tuple(sorted(destination.lists or {EVERYONE, *meant}))
    asked = [audiences[name].attributes for name in names if name in audiences]
    everything = EVERYONE in names or any(attributes is None for attributes in asked)
    attributes = () if everything else tuple(sorted({one for some in asked for one in some or ()}))
    return Wish(destination, names, attributes)


def unknown_fields(wish: Wish, profiles: Profiles, fields: Fields | None) -> tuple[list[Finding], tuple[str, ...]]:
    """What the guard on unknown fields finds, and the attributes that can be sent.

    Unknown: an audience asks for what no opted-in column carries, or the tool has no such attribute.
    """
    carried = attributes_of(profiles)
    asked = [name for name in wish.attributes if name not in NO_ATTRIBUTES] or list(carried)
    missing = [name for name in asked if name not in carried]
    called = {name: fields.name_of(name) for name in asked if name in carried} if fields else {}
    foreign = [name for name, own in called.items() if own not in fields.known]
    found = []
    for names, told in (
        (missing, "are asked for, and no column of sync_email_profiles that may leave carries them"),
        (foreign, "are no attributes of the tool, which would ignore them; create them there"),
    ):
        if names:
            name = wish.destination.name
            what = f"{', '.join(_with_own_name(n, called) for n in names)} {told}"
            found.append(Finding("unknown_fields", name, EVERYONE, len(names), len(asked), what))
    return found, tuple(name for name in asked if name not in {*missing, *foreign})


def _with_own_name(name: str, called: dict[str, str]) -> str:
    own = called.get(name, name)
    return name if own == name else f"{name} (there {own})"
