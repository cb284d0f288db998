"""The comparable form of a name, an e-mail address or a street address, as SQL."""

# SQL patterns: of what announces the home within a house; of a numbered house (1 and 3) and that home (2), which may
# come first.
_WITHIN = "apartment|apt|appt|unit|suite|ste|flat|whg"
_HOME_WITHIN = (
    rf"^((?:.*[0-9].*?)?)(?:^|[\s,;])(?:(?:{_WITHIN})[\s.:#]+|#\s*)([0-9]+[\s-]?[a-z]?|[a-z][0-9]*)((?:[\s,;./].*)?)$"
)


def folded(name: str) -> str:
    """SQL: letters only, without case and accents, without trailing single letters ("Ana M." is "ana").

    A letter some alphabets lack is what they write for it; "Mueller" is "muller", as "Müller" is."""
    plain = f"translate(lower(strip_accents({name})), 'łıøđ', 'liod')"
    spelt = f"replace(replace(replace({plain}, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')"
    letters = f"regexp_replace(regexp_replace({spelt}, '(\\s+\\pL\\.?)+$', ''), '[^\\pL]', '', 'g')"
    return f"coalesce(regexp_replace({letters}, '(^|[^aeiouq])([aou])e(\\pL)', '\\1\\2\\3', 'g'), '')"


def comparable_email(email: str) -> str:
    """SQL: without what a mail provider ignores: a tag after a plus, and at Gmail the dots."""
    local = f"split_part(split_part({email}, '@', 1), '+', 1)"
    domain = f"replace(split_part({email}, '@', 2), 'googlemail.com', 'gmail.com')"
    return f"""case when {domain} = 'gmail.com' then replace({local}, '.', '') else {local} end || '@' || {domain}"""


def letters_and_digits(text: str) -> str:
    """SQL: nothing else of a text, without case and accents."""
    return f"regexp_replace(lower(strip_accents({text})), '[^\\pL\\pN]', '', 'g')"


def comparable_address(address: str) -> str:
    """SQL: letters and digits only, without case and accents. A home within a numbered house stands last, behind a "~",
    wherever it was written: "Apt 4B, 17 Main St" and "17 Main St #4B" are "17mainst~4b"."""
    plain = f"lower(strip_accents({address}))"
    # Most addresses are spared the dearer pattern.
    moved = f"""case when regexp_matches({plain}, '{_WITHIN}|#')
        then regexp_replace({plain}, '{_HOME_WITHIN}', '\\1 \\3~\\2') else {plain} end"""
    return f"regexp_replace({moved}, '[^\\pL\\pN~]', '', 'g')"


def comparable_postal_code(postal_code: str) -> str:
    """SQL: letters and digits in upper case, as a blank or a dash within is written or left out; null where none is."""
    return f"nullif(upper(regexp_replace({postal_code}, '[^\\pL\\pN]', '', 'g')), '')"


def comparable_home(address: str, postal_code: str, city: str) -> str:
    """SQL: "street|postal code|city", each comparable and empty where it is unknown."""
    return f"""coalesce({comparable_address(address)}, '') || '|'
        || coalesce({comparable_postal_code(postal_code)}, '') || '|'
        || coalesce({letters_and_digits(city)}, '')"""
