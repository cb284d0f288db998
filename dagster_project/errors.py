"""One small tree of errors.

Every message names the location, file, row, column or key it is about, and what to do next.
Personal data never stands in a message.
"""


class RegularsError(Exception):
    """Base of every error a person is meant to read; the command line prints it without a traceback."""


class NetworkError(RegularsError):
    """network.yaml cannot be used: names the key, the value and what is allowed."""


class ContractError(RegularsError):
    """A source contract or feeds.yaml is wrong: names the contract and the key."""


class UnreadableFile(RegularsError):
    """One export cannot be read at all; it is set aside and the others go on."""


class IdentityError(RegularsError):
    """Identity cannot be resolved or its registry is damaged."""


class WarehouseError(RegularsError):
    """The marts could not be built."""


class GateRefused(RegularsError):
    """A candidate was judged and must not leave: names the checks that refused."""


class SealBroken(RegularsError):
    """A snapshot is not what was judged: names the file or the check that differs."""


class PublishError(RegularsError):
    """Publishing stopped before the swap; what was published before still stands."""
