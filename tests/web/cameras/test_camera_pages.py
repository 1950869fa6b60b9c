"""Pages of cameras: for whom they are, and what they show of a camera that nobody watches."""

from app.core.approach.tries import Region
from app.core.types import Role
from app.services.cameras.camera_list import Address
from app.wiring import System
from tests.web.conftest import GATE, TestClient, cookie, sign_in

URL = "rtsp://alice:s3cr-t@10.0.5.7/hidden-path"


def test_list_is_for_guards_and_shows_the_state_without_the_address(client: TestClient, system: System) -> None:
    system.cameras.add("page-cam", GATE, Address(URL), Region())
    try:
        page = client.get("/cameras", headers=cookie(sign_in(system, Role.SECURITY)))
        assert page.status_code == 200 and "page-cam" in page.text and GATE in page.text
        assert '<span class="fails">not watched</span>' in page.text
        assert "s3cr-t" not in page.text and "hidden-path" not in page.text and "10.0.5.7" not in page.text
        assert client.get("/cameras", headers=cookie(sign_in(system, Role.VIEWER))).status_code == 403
        assert client.get("/cameras").status_code == 303
    finally:
        system.cameras.delete("page-cam")
