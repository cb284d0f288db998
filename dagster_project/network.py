"""network.yaml, typed and validated once; the only reader of the environment.

Every key has the default shown in the README's reference, so `network:` alone is a whole file.
A wrong key or value raises NetworkError naming the key, the value and what is allowed.
"""

import os
import secrets
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from dagster_project.errors import NetworkError
from dagster_project.home import Home
from dagster_project.network_sections import (
    CAPS,
    CUTOFF_LISTS,
    ChurnSection,
    ConsentSection,
    ContactSection,
    CostsSection,
    IdentitySection,
    NetworkSection,
    PathsSection,
    RfmSection,
    StalenessSection,
    ValueSection,
)
from dagster_project.outbound import Destination, Override, PublishSection, Section
from dagster_project.segment_map import segment_names
from dagster_project.yaml_text import read_yaml

NETWORK_VARIABLE = "REGULARS_NETWORK"
KEY_VARIABLE = "REGULARS_KEY"
SFTP_PASSWORD_VARIABLE = "REGULARS_SFTP_PASSWORD"
SFTP_KEY_VARIABLE = "REGULARS_SFTP_KEY"
KNOWN_HOSTS_VARIABLE = "REGULARS_KNOWN_HOSTS"


class Network(Section):
    """One network's configuration; `file` is the network.yaml it came from."""

    file: Path
    network: NetworkSection = NetworkSection()
    paths: PathsSection = PathsSection()
    as_of_date: Literal["latest"] | date = "latest"
    sources: dict[str, str] = Field(default={})
    vanished_locations: list[str] = Field(default=[])
    identity: IdentitySection = IdentitySection()
    staleness: StalenessSection = StalenessSection()
    rfm: RfmSection = RfmSection()
    churn: ChurnSection = ChurnSection()
    value: ValueSection = ValueSection()
    costs: CostsSection = CostsSection()
    contact: ContactSection = ContactSection()
    consent: ConsentSection = ConsentSection()
    publish: PublishSection = PublishSection()
    destinations: list[Destination] = Field(default=[Destination(name="email_drop", type="file")])

    @field_validator("destinations")
    @classmethod
    def _names_are_their_own(cls, destinations: list[Destination]) -> list[Destination]:
        names = [destination.name for destination in destinations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"a name of its own for each destination; {', '.join(twice)} stands twice")
        return destinations

    @property
    def landing_url(self) -> str | None:
        """Where the landing zone is when it is not a folder here, such as sftp://user@host/path."""
        return self.paths.landing if "://" in self.paths.landing else None

    @property
    def landing(self) -> Path:
        """The folder files are read from: the landing zone, or the image of one that lies elsewhere."""
        return self.home.inbox if self.landing_url else (self.file.parent / self.paths.landing).resolve()

    @property
    def home(self) -> Home:
        return Home((self.file.parent / self.paths.home).resolve())

    @property
    def own_audiences(self) -> Path:
        """Folder of the network's own audiences."""
        return self.file.parent / "audiences"

    @property
    def own_sources(self) -> Path:
        """Folder of the network's own source contracts."""
        return self.file.parent / "sources"

    @property
    def own_segment_map(self) -> Path:
        """The network's own map of RFM segments, if there is one."""
        return self.file.parent / "rfm_segments.csv"

    @property
    def left_american(self) -> list[str]:
        """Keys nobody wrote, in a country whose defaults they are not: each with its value, ready to be told."""
        if self.network.country == NetworkSection().country:
            return []
        depend = {"network": ("currency", "timezone"), "consent": ("jurisdiction",)}
        return [
            f"{section}.{key} is {getattr(part, key)}"
            for section, keys in depend.items()
            for part in [getattr(self, section)]
            for key in keys
            if key not in part.model_fields_set
        ]

    def thresholds(self) -> dict[str, float | int | str | None]:
        """Every scalar of the sections that govern marts, as `<section>_<key>`; cut-offs one by one, `_1` to `_4`."""
        sections = ("network", "identity", "staleness", "rfm", "churn", "value", "costs", "contact", "consent")
        scalars = {
            f"{section}_{key}": value
            for section in sections
            for key, value in getattr(self, section).model_dump().items()
            if not isinstance(value, (list, dict)) and key not in (*CUTOFF_LISTS, "acknowledged", "model")
        }
        cutoffs = {name: getattr(self.rfm, name) or [None] * 4 for name in CUTOFF_LISTS}
        return scalars | {f"rfm_{name}_{n}": bound for name, four in cutoffs.items() for n, bound in enumerate(four, 1)}


def load_network(file: str | Path) -> Network:
    """Read and validate one network.yaml.

    Raises NetworkError when the file is missing, is not YAML, or holds an unknown key or a bad value.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise NetworkError(f"{file}: no such file; give the path of a network.yaml, as in NETWORK=path/network.yaml")
    try:
        raw = read_yaml(path) or {}
    except ValueError as error:
        raise NetworkError(f"{path}: not readable as YAML: {error}") from error
    except OSError as error:
        raise NetworkError(f"{path}: cannot be read ({error.strerror}); grant the pipeline's user access") from error
    if not isinstance(raw, dict):
        raise NetworkError(f"{path}: a mapping of keys is expected, such as `network:`; found {type(raw).__name__}")
    try:
        network = Network(file=path, **{key: value for key, value in raw.items() if value is not None})
    except ValidationError as error:
        # Its own words repeat every value.
        raise NetworkError(_explain(path, error)) from None
    except TypeError as error:
        raise NetworkError(f"{path}: {error}; keys are {', '.join(_allowed_keys(()))}") from error
    capped = CAPS.keys() | segment_names(network.own_segment_map)
    for segment, cap in network.contact.caps_per_28_days.items():
        if segment not in capped:
            raise NetworkError(
                f"{path}: unknown key `contact.caps_per_28_days.{segment}` (value {cap}); "
                f"allowed here: {', '.join(sorted(capped))}"
            )
    return network


def is_network_named() -> bool:
    """Whether REGULARS_NETWORK is set."""
    return bool(os.environ.get(NETWORK_VARIABLE))


def network_from_environment() -> Network:
    """The network that REGULARS_NETWORK names."""
    file = os.environ.get(NETWORK_VARIABLE)
    if not file:
        raise NetworkError(f"{NETWORK_VARIABLE} is not set; set it to the path of a network.yaml")
    return load_network(file)


# Seconds: to be let in; between two signs of life, of which four may fail before the connection is given up.
_SSH_PATIENCE = {"timeout": 60, "keepalive_interval": 30, "keepalive_count_max": 4}


def landing_options(url: str) -> dict[str, Any]:
    """What opening a landing zone by URL needs from the environment; keys and cloud credentials are found by
    the libraries themselves (ssh agent and ~/.ssh, AWS_ variables)."""
    if url.startswith(("sftp://", "ssh://")):
        known_hosts = os.environ.get(KNOWN_HOSTS_VARIABLE, str(Path.home() / ".ssh" / "known_hosts"))
        given = {"password": os.environ.get(SFTP_PASSWORD_VARIABLE), "client_keys": os.environ.get(SFTP_KEY_VARIABLE)}
        return _SSH_PATIENCE | {"known_hosts": known_hosts} | {key: value for key, value in given.items() if value}
    return {}


def credential(destination: Destination) -> str:
    """The secret in the environment variable that a destination names. Raises NetworkError when it is not set."""
    secret = os.environ.get(destination.key_env or "")
    if not secret:
        raise NetworkError(
            f"destination {destination.name}: the environment variable {destination.key_env} is not set; "
            "set it to the tool's key before publishing"
        )
    return secret


def hash_key(network: Network) -> bytes:
    """The key of keyed hashes: REGULARS_KEY, or one generated once into the state folder (0600)."""
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return given.encode()
    path = network.home.state / "key"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        beside = path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file_:
            file_.write(secrets.token_hex(32))
        os.replace(beside, path)
        print(f"{KEY_VARIABLE} is not set: generated a key for keyed hashes into {path}; keep it with your backups")
    return path.read_bytes()


def _explain(path: Path, error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        location = tuple(part for part in problem["loc"] if part not in ("date", "literal['latest']"))
        key = ".".join(str(part) for part in location)
        if problem["type"] == "extra_forbidden":
            told = "" if location[0] == "destinations" else f" (value {_shown(problem['input'])})"
            lines.append(f"{path}: unknown key `{key}`{told}; allowed here: {', '.join(_allowed_keys(location[:-1]))}")
        else:
            allowed = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            lines.append(f"{path}: `{key}` is {_shown(problem['input'])}; allowed: {allowed}")
    return "\n".join(dict.fromkeys(lines))


def _shown(value: object) -> str:
    """A value as it may be told: a url may hold a secret, and so may a section."""
    if isinstance(value, dict):
        return f"a section with {', '.join(map(str, value))}"
    return "a url" if "://" in str(value) else repr(value)


def _allowed_keys(location: tuple) -> list[str]:
    model: type[BaseModel] = Network
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = {"destinations": Destination, "overrides": Override}.get(part, annotation)
    return [key for key in model.model_fields if key != "file"]
