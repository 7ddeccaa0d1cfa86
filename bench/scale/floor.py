"""The least that some requests can take: their bare transfer, answers thrown away.

    python -m bench.scale.floor FILE

The file says as JSON where the server is and what was asked. All requests are known beforehand and
none waits for the answer to another, over as many connections as corediag opens; it prints the
seconds from the first connection to the last byte.
"""

from __future__ import annotations

import http.client
import json
import queue
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

CONNECTIONS = 8  # as the pool of a run
BLOCK = bytearray(256 * 1024)


def transfer(
    host: str, port: int, context: ssl.SSLContext, work: queue.SimpleQueue[dict[str, Any]]
) -> None:
    """Make requests over one connection until there are none left."""
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=60)
    block = bytearray(len(BLOCK))
    while True:
        try:
            asked = work.get_nowait()
        except queue.Empty:
            break
        connection.request(asked["method"], asked["target"], headers=asked["headers"])
        answer = connection.getresponse()
        while answer.readinto(block):
            pass
    connection.close()


def main(path: Path) -> None:
    """Transfer, and print how long it took."""
    told = json.loads(path.read_text())
    context = ssl.create_default_context(cafile=told["ca"])
    context.load_cert_chain(told["certificate"], told["key"])
    work: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    for one in told["requests"]:
        work.put(one)
    begin = time.perf_counter()
    threads = [
        threading.Thread(target=transfer, args=(told["host"], told["port"], context, work))
        for _ in range(min(CONNECTIONS, len(told["requests"])))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
