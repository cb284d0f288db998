"""Clean: contact fields are normalised and judged; nothing is dropped silently.

Belongs here: what makes an e-mail, phone, name, address or postal code comparable, and whether it is
valid. Does not belong here: which records are the same person (identity), or which value wins
(identity's golden record). The landed columns stay as they came, but for contact details in free text
where none belong (a product called "Gift card for ana@x.com"), which are masked; what this room thinks
of them stands in columns beside.
"""

from dagster_project.clean.files import clean_feeds

__all__ = ["clean_feeds"]
