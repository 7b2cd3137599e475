"""Opening hours used by tests: every weekday, so that a test's date decides nothing by accident."""

CLINIC_HOURS = {
    "sun": [["09:00", "17:00"]],
    "mon": [["09:00", "17:00"]],
    "tue": [["09:00", "17:00"]],
    "wed": [["09:00", "17:00"]],
    "thu": [["09:00", "17:00"]],
    "fri": [["09:00", "12:00"]],
}
