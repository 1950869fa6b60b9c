"""Words of visits."""

from app.core.people.visits import MailState, VisitState

# The badge's kind comes second.
STATES: dict[VisitState, tuple[str, str]] = {
    VisitState.EXPECTED: ("Expected", "info"),
    VisitState.INSIDE: ("Inside", "good"),
    VisitState.OVERDUE: ("Still inside", "bad"),
    VisitState.LEFT: ("Gone", ""),
    VisitState.MISSED: ("Did not come", ""),
    VisitState.CANCELLED: ("Cancelled", "warn"),
}
MAILS: dict[MailState, str] = {
    MailState.NONE: "not sent",
    MailState.DUE: "is being sent",
    MailState.SENT: "sent",
    MailState.FAILED: "could not be sent",
}
