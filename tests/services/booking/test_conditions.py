"""L15: what a caller laid down about days and hours."""

import json
from datetime import datetime

import pytest

from services.appointment_nlp import parse_utterance
from services.booking.conditions import Conditions

NOW = datetime(2027, 3, 1, 9, 0)  # a Monday


def laid_down(*texts: str) -> Conditions:
    known = Conditions()
    for text in texts:
        known = known.taking(parse_utterance(text, NOW))
    return known


@pytest.mark.parametrize(
    ("texts", "allowed", "refused"),
    [
        (("שבוע הבא",), "2027-03-09 10:00", "2027-03-04 10:00"),
        (("רק לא בבוקר",), "2027-03-02 12:00", "2027-03-02 11:30"),
        (("not on Tuesday",), "2027-03-03 10:00", "2027-03-09 10:00"),
        (("after 16:30",), "2027-03-02 16:30", "2027-03-02 16:00"),
        (("או רביעי או חמישי",), "2027-03-04 09:00", "2027-03-05 09:00"),
        (("בערב", "אחרי שש בערב"), "2027-03-02 18:00", "2027-03-02 17:30"),
        (("не в среду", "после обеда"), "2027-03-02 15:00", "2027-03-03 15:00"),
    ],
)
def test_an_offer_must_fit_everything_that_was_laid_down(texts: tuple[str, ...], allowed: str, refused: str) -> None:
    known = laid_down(*texts)
    assert known.allows(datetime.fromisoformat(allowed))
    assert not known.allows(datetime.fromisoformat(refused))


def test_a_day_that_is_wished_after_all_is_excluded_no_more() -> None:
    assert laid_down("לא ביום שלישי", "בעצם כן, ביום שלישי הקרוב ב-16:00").allows(datetime(2027, 3, 2, 16, 0))


def test_a_day_outside_the_named_week_takes_the_week_back() -> None:
    assert laid_down("שבוע הבא", "בעצם מחר").spans == ()


def test_conditions_come_back_from_json_as_they_were() -> None:
    known = laid_down("שבוע הבא, רק לא בבוקר ולא ביום שני", "אחרי שתיים בצהריים")
    assert Conditions.restored(json.loads(json.dumps(known.as_dict()))) == known
