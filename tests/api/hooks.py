"""What schemathesis must be told to send Odeon's own kinds of bodies."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def bytes_of_an_upload(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()
