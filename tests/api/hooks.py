"""What schemathesis must be told to send Odeon's own kinds of bodies."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def bytes_of_an_upload(ctx, value):
    return plain(value)


@schemathesis.serializer("audio/x-mpegurl")
def lines_of_a_playlist(ctx, value):
    return plain(value)


def plain(value):
    return value if isinstance(value, bytes) else str(value).encode()
