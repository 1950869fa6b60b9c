"""Calendars as iCalendar files over HTTP: read without storing anything, refused with what to do, written again."""

from datetime import date

from app.core.access.schedules import Calendar, CalendarDay
from app.wiring import System, new_id
from tests.web.conftest import Headers, TestClient, problem

ICS = {"Content-Type": "text/calendar"}
FILE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n"
    b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270326\r\nSUMMARY:Good Friday\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:3\r\nDTSTART:20270326T140000Z\r\nSUMMARY:Party\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)


def test_a_file_is_read_and_nothing_is_stored(client: TestClient, system: System, admin: Headers) -> None:
    version, _ = system.rule_book.file()
    answer = client.post("/v1/calendar-files", content=FILE, headers=admin | ICS)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "days": [{"date": "12-25", "name": None}, {"date": "2027-03-26", "name": "Good Friday"}],
        "left_out": ["Party: it has a time of day, and a calendar holds whole days."],
    }
    assert system.rule_book.file()[0] == version


def test_a_bad_file_is_refused_with_what_to_do(client: TestClient, admin: Headers) -> None:
    for body, said in ((b"hello", "no iCalendar file"), (b"x" * 500_001, "at most 500 kB"), (b"", "no iCalendar")):
        answer = client.post("/v1/calendar-files", content=body, headers=admin | ICS)
        assert said in problem(answer, 400, code="bad_calendar_file")["detail"]
    answer = client.post("/v1/calendar-files", content=b"x" * 600_001, headers=admin | ICS)
    assert "500 kB" in problem(answer, 413, code="request_too_large")["detail"]


def test_a_calendar_comes_back_from_its_file(client: TestClient, system: System, admin: Headers) -> None:
    days = (CalendarDay(date(2000, 12, 25), True, "Weihnachten"), CalendarDay(date(2027, 3, 26), False, "Good Friday"))
    calendar = Calendar(new_id(), "Bank holidays / Köln", days)
    with system.store.write() as tx:
        tx.rules.put(calendar)
    try:
        answer = client.get(f"/v1/calendars/{calendar.id}/export.ics", headers=admin)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert answer.headers["content-disposition"].endswith("''Bank%20holidays%20%2F%20K%C3%B6ln.ics")
        read = client.post("/v1/calendar-files", content=answer.content, headers=admin | ICS).json()
        assert read == {
            "days": [{"date": "12-25", "name": "Weihnachten"}, {"date": "2027-03-26", "name": "Good Friday"}],
            "left_out": [],
        }
    finally:
        with system.store.write() as tx:
            tx.rules.delete(calendar)
    problem(client.get(f"/v1/calendars/{calendar.id}/export.ics", headers=admin), 404, code="unknown_entry")
