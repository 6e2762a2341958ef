"""A program of its own around py-opensonic: reads calls as lines of JSON, answers each with a line.

    {"auth": {"api_key": "…"}, "method": "get_song", "arguments": {"sid": "tr-1"}}

An answer is {"ok": value}, or {"error": "DataNotFoundError", "message": "…"} with the library's own name of the refusal.
py-opensonic is under the GPL: it is used here and nowhere else, and nothing of Odeon is linked with it.
"""

import asyncio
import json
import sys

import aiohttp
from libopensonic import AsyncConnection


async def plain(value):
    """What JSON can say of a value: bytes by their number, objects by their fields."""
    if isinstance(value, aiohttp.ClientResponse):
        async with value:
            return {"type": value.content_type, "bytes": len(await value.read())}
    if isinstance(value, (list, tuple)):
        return [await plain(one) for one in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return value


async def main():
    host, port = sys.argv[1], int(sys.argv[2])
    for line in sys.stdin:
        call = json.loads(line)
        connection = AsyncConnection(host, port=port, **call["auth"])
        try:
            value = await getattr(connection, call["method"])(**call.get("arguments", {}))
            answer = {"ok": await plain(value)}
        except Exception as error:  # whatever the library makes of an answer is what is to be known
            answer = {"error": type(error).__name__, "message": str(error)}
        finally:
            await connection.cleanup()
        print(json.dumps(answer, default=str), flush=True)


asyncio.run(main())
