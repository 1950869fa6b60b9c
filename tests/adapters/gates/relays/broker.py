"""An MQTT broker as a process of its own, so that tests can stop and kill it: python broker.py PORT TOPIC.

TOPIC: all that the account `facegate` may read.
"""

import asyncio
import sys

from amqtt.broker import Broker


async def serve(port: int, readable: str) -> None:
    acl = {"anonymous": ["#"], "facegate": [readable]}
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True},
                "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {"acl": acl},
            },
        }
    )
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
