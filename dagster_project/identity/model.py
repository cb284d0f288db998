"""The model of Fellegi and Sunter (1969) as Splink keeps it: how much each agreement is worth.

A model is a JSON file: per comparison and level the chance of it among records of one person (m) and among
records of two (u). It is trained rarely and loaded nightly, so that ids do not drift. What a match is worth
beforehand depends on how many people there are, so that one model serves small and large networks.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.errors import IdentityError
from dagster_project.network import Network

SHIPPED = Path(__file__).with_name("default_model.json")
# For each profile the exact rules leave, so many pairs of one person.
DUPLICATES = 0.2


def _typo(column: str, edits: int = 1) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {edits}"


SAME_FORM = "list_has_any(first_forms_l, first_forms_r)"
IS_INITIAL = """(length(first_name_l) = 1 or length(first_name_r) = 1)
    and left(first_name_l, 1) = left(first_name_r, 1)"""
SWAPPED = """length(last_name_l) > 1 and length(last_name_r) > 1
    and jaro_winkler_similarity(first_name_l, last_name_r) >= 0.88
    and jaro_winkler_similarity(last_name_l, first_name_r) >= 0.88"""
# Two established names are two people's, however alike: Daniel and Daniela.
ALIKE_FIRST = """not (is_known_first_l and is_known_first_r)
    and least(length(first_name_l), length(first_name_r)) >= 3
    and (jaro_winkler_similarity(first_name_l, first_name_r) >= 0.88
         or damerau_levenshtein(first_name_l, first_name_r) <= 1
         or starts_with(first_name_l, first_name_r) or starts_with(first_name_r, first_name_l))"""
# A house number is no slip of its neighbour's; the home within the house is often left out.
ALIKE_ADDRESS = """(jaro_winkler_similarity(split_part(address_l, '~', 1), split_part(address_r, '~', 1)) >= 0.9
    and regexp_replace(split_part(address_l, '~', 1), '[^0-9]', '', 'g')
        = regexp_replace(split_part(address_r, '~', 1), '[^0-9]', '', 'g')
    and (split_part(address_l, '~', 2) in ('', split_part(address_r, '~', 2)) or split_part(address_r, '~', 2) = ''))"""
SAME_CITY = "(city_l = city_r or jaro_winkler_similarity(city_l, city_r) >= 0.92)"
NEAR_POSTAL = f"({_typo('postal_code')} or {SAME_CITY})"

# Of "Kate M." the family name is no other than Miller, but says little for it either.
SAME_LAST_INITIAL = """(length(last_name_l) = 1 or length(last_name_r) = 1)
    and left(last_name_l, 1) = left(last_name_r, 1)"""

# Two initials are never a slip, nor are Le and Li.
ALIKE_LAST = f"""jaro_winkler_similarity(last_name_l, last_name_r) >= 0.92
    or least(length(last_name_l), length(last_name_r)) >= 3 and {_typo("last_name")}"""
CONTAINED_LAST = """least(length(last_name_l), length(last_name_r)) >= 4
    and (contains(last_name_l, last_name_r) or contains(last_name_r, last_name_l))"""
# What precedes the @ may be no more than the name, which others of that name take elsewhere.
NAMED_ELSEWHERE = """email_local_l = email_local_r and damerau_levenshtein(email_domain_l, email_domain_r) > 2
    and not regexp_matches(email_local_l, '[0-9]')
    and coalesce(contains(email_local_l, first_name_l) or contains(email_local_l, last_name_l), false)"""

Level = tuple[str, str]
# comparison -> what makes it silent, then its levels, strongest first: label, SQL over _l and _r.
COMPARISONS: dict[str, tuple[str, list[Level]]] = {
    "first_name": (
        "first_name_l is null or first_name_r is null",
        [
            ("same", "first_name_l = first_name_r"),
            ("nickname", SAME_FORM),
            ("initial", IS_INITIAL),
            ("alike", ALIKE_FIRST),
            ("swapped", SWAPPED),
        ],
    ),
    "last_name": (
        # That two names are swapped is one finding: what it is worth stands with the first name.
        f"last_name_l is null or last_name_r is null or {SAME_LAST_INITIAL} or {SWAPPED}",
        [
            ("same", "last_name_l = last_name_r"),
            ("alike", ALIKE_LAST),
            ("contained", CONTAINED_LAST),
            ("remotely alike", "jaro_winkler_similarity(last_name_l, last_name_r) >= 0.8"),
        ],
    ),
    "email": (
        f"email_l is null or email_r is null or {NAMED_ELSEWHERE}",
        [
            ("same", "email_l = email_r"),
            (
                "domain mistyped",
                f"email_local_l = email_local_r and length(email_local_l) >= 5 and {_typo('email_domain', 2)}",
            ),
            # A number tells two of one name apart: a slip in it is no slip.
            (
                "mistyped",
                f"""least(length(email_local_l), length(email_local_r)) >= 5 and {_typo("email")}
                    and regexp_replace(email_l, '[^0-9]', '', 'g') = regexp_replace(email_r, '[^0-9]', '', 'g')""",
            ),
            ("same name elsewhere", "email_local_l = email_local_r and length(email_local_l) >= 5"),
        ],
    ),
    "phone": (
        "phone_l is null or phone_r is null",
        [("same", "phone_l = phone_r"), ("mistyped", _typo("phone"))],
    ),
    "birth_date": (
        "birth_date_l is null or birth_date_r is null",
        [
            ("same", "birth_date_l = birth_date_r"),
            (
                "day and month swapped",
                """left(birth_date_l, 4) = left(birth_date_r, 4)
                   and substr(birth_date_l, 5, 2) = right(birth_date_r, 2)
                   and right(birth_date_l, 2) = substr(birth_date_r, 5, 2)""",
            ),
            ("mistyped", _typo("birth_date")),
            (
                "year only",
                """left(birth_date_l, 4) = left(birth_date_r, 4)
                   and (right(birth_date_l, 4) = '0101' or right(birth_date_r, 4) = '0101')""",
            ),
            ("mistyped twice", _typo("birth_date", 2)),
        ],
    ),
    "home": (
        "(address_l is null or address_r is null) and (postal_code_l is null or postal_code_r is null)",
        [
            ("same", "address_l = address_r and postal_code_l = postal_code_r"),
            (
                "nearly the same",
                f"""{ALIKE_ADDRESS} and postal_code_l = postal_code_r
                    or address_l = address_r and {NEAR_POSTAL}""",
            ),
            ("alike", f"{ALIKE_ADDRESS} and {NEAR_POSTAL}"),
            ("same postal code", "postal_code_l = postal_code_r"),
            ("same place", NEAR_POSTAL),
        ],
    ),
    "card": (
        "cards_l is null or cards_r is null",
        [("one in common", "list_has_any(cards_l, cards_r)")],
    ),
}


def blank_settings() -> dict[str, Any]:
    """The comparisons as Splink's settings, without weights. Names that are the same are worth by how rare they are."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "profile_no",
        "probability_two_random_records_match": 0.0001,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "comparisons": [_comparison(name) for name in COMPARISONS],
    }


def _comparison(name: str) -> dict[str, Any]:
    silent, levels = COMPARISONS[name]
    made: list[dict[str, Any]] = [{"sql_condition": silent, "label_for_charts": "not known", "is_null_level": True}]
    for label, condition in levels:
        level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": label}
        if name in ("first_name", "last_name") and label == "same":
            level |= {"tf_adjustment_column": name, "tf_adjustment_weight": 1.0}
        made.append(level)
    made.append({"sql_condition": "ELSE", "label_for_charts": "different"})
    return {"output_column_name": name, "comparison_levels": made}


def with_weights(weights: dict[str, dict[str, tuple[float, float]]]) -> dict[str, Any]:
    """The settings with (m, u) per comparison and label; `different` has what is left."""
    settings = blank_settings()
    for comparison in settings["comparisons"]:
        of_levels = weights[comparison["output_column_name"]]
        for level in comparison["comparison_levels"][1:]:
            level["m_probability"], level["u_probability"] = of_levels[level["label_for_charts"]]
    return settings


@dataclass(frozen=True)
class Model:
    """Splink's settings with their weights, how many duplicates a profile has, and how strict the guard is."""

    settings: dict[str, Any]
    duplicates: float = DUPLICATES
    twins: bool = True
    namesakes: bool = True
    families: bool = True
    households: bool = True


def load_model(path: Path = SHIPPED) -> Model:
    """A saved model. Raises IdentityError when it is missing, no JSON, or of other comparisons than these."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        weights = {
            comparison: {label: (float(m), float(u)) for label, (m, u) in levels.items()}
            for comparison, levels in saved["weights"].items()
        }
        return Model(
            with_weights(weights),
            float(saved["duplicates"]),
            *(bool(saved[strictness]) for strictness in ("twins", "namesakes", "families", "households")),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IdentityError(
            f"{path}: not a model of this version's comparisons; train one with make retrain, "
            "or leave identity.model out of network.yaml for the one that ships"
        ) from error


def model_of(network: Network) -> Model:
    """The model that network.yaml names, beside it; the one that ships when it names none."""
    return load_model(network.file.parent / network.identity.model) if network.identity.model else load_model()


def save_model(path: Path, model: Model, about: str) -> None:
    """Write a model, with a line about where it comes from."""
    weights = {
        comparison["output_column_name"]: {
            level["label_for_charts"]: [float(f"{level[f'{side}_probability']:.4g}") for side in "mu"]
            for level in comparison["comparison_levels"][1:]
        }
        for comparison in model.settings["comparisons"]
    }
    saved = {"about": about, "duplicates": round(model.duplicates, 4), "twins": model.twins}
    saved |= {"namesakes": model.namesakes, "families": model.families, "households": model.households}
    saved |= {"weights": weights}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)


def prior(profiles: int, duplicates: float = DUPLICATES) -> float:
    """The chance that two profiles drawn at random are one person's, for so many of them (to a power of two).

    `duplicates` is how many pairs of one person there are for each profile.
    """
    rounded = 1 << max(profiles, 16).bit_length()
    return min(0.5, duplicates * 2 / rounded)
