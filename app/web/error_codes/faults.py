"""The error codes of a service that cannot answer now: they are nobody's mistake."""

FAULTS: dict[int, dict[str, str]] = {
    500: {"internal_error": "The service failed and logged why."},
    503: {
        "camera_unavailable": "No process watches the gate's camera, or it did not answer in time.",
        "gate_test_running": "Another test of a gate is running.",
        "model_changed": "The model was changed a moment ago.",
        "not_recorded": "The database did not take the record; `detail` says what holds.",
        "record_unconfirmed": "The database confirmed the record too late; no gate opened.",
        "request_withdrawn": "Nobody waits for the answer any more.",
        "system_fault": "The service has a fault; `doctor` on its machine names it.",
        "too_busy": "The service, or this gate's share of it, is busy.",
        "too_many_at_once": "The service does as many of these at once as it can.",
        "too_many_sign_ins": "Too many people are signing in at once.",
        "too_many_streams": "Too many clients watch the live stream.",
        "too_many_wrong_tries": "Too many passwords were wrong; wait as long as Retry-After says.",
        "took_too_long": "The list took too long to read; ask for less.",
    },
}
