"""Services and people of a business as the model is told of them: what there is, how long, at what price, who gives it
(K1, K2). Pure."""

from __future__ import annotations

from services.policy.catalogue import Catalogue, ServiceRules
from services.policy.words import span_words

WORDS = {
    "he": {
        "first": "זה מה שיש כאן; מה שאינו ברשימה לא ניתן כאן. מחיר נאמר רק כשהוא כתוב כאן, כלשונו.",
        "price": "מחיר: {price}",
        "with": "אצל {names}",
        "on_request": "לא נקבע בטלפון: לוקחים פרטים וחוזרים",
        "people": "עובדים כאן: {names}.",
        "and": " ו",
    },
    "en": {
        "first": "This is what there is; what is not listed is not done here. A price is told only where one is "
        "written here, in its own words.",
        "price": "price: {price}",
        "with": "with {names}",
        "on_request": "not booked by telephone: take details, somebody calls back",
        "people": "Who works here: {names}.",
        "and": " and ",
    },
}


def offered_block(catalogue: Catalogue | None, language: str) -> str:
    """A line for each service that is offered, then who works here; "" where nothing has a name."""
    if catalogue is None:
        return ""
    words, names = WORDS[language], [each.name for each in catalogue.team if each.name]
    lines = [f"- {_line(catalogue, each, language)}" for each in catalogue.offered]
    lines = [words["first"], *lines] if lines else []
    if names:
        lines.append(words["people"].format(names=_listed(names, language)))
    return "\n".join(lines)


def _line(catalogue: Catalogue, service: ServiceRules, language: str) -> str:
    words = WORDS[language]
    givers = [each.name for each in catalogue.who_gives(service.id) if each.name]
    parts = [span_words(service.length_min, language)]
    parts += [words["price"].format(price=service.price)] if service.price else []
    parts += [words["with"].format(names=_listed(givers, language))] if givers else []
    parts += [words["on_request"]] if service.on_request else []
    return f"{service.name}: {'; '.join(parts)}"


def _listed(names: list[str], language: str) -> str:
    *others, last = names
    return f"{', '.join(others)}{WORDS[language]['and']}{last}" if others else last
