"""What people read of receivers instead of codes. A state has its badge's colour."""

from app.core.alerts.deliveries import Change, DeliveryState
from app.core.alerts.receivers import Form

FORMS = {Form.WEBHOOK: "Webhook", Form.MQTT: "MQTT broker", Form.EMAIL: "E-mail"}
STATES = {
    DeliveryState.WAITING: ("waits", "warn"),
    DeliveryState.DELIVERED: ("delivered", "good"),
    DeliveryState.GIVEN_UP: ("given up", "bad"),
    DeliveryState.DROPPED: ("not needed any more", ""),
}
CHANGES = {Change.RAISED: "", Change.ENDED: "over", Change.TEST: "Test"}
