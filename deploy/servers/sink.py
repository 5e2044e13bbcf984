"""A mail server that takes letters over TLS from who knows the password, and keeps each as a file: sink.py FOLDER PEM PASSWORD."""

import asyncio
import os
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

folder = pathlib.Path(sys.argv[1])
password = pathlib.Path(sys.argv[3]).read_bytes().strip()


class Keeper:
    """Says 250 once a letter lies on the disk."""

    taken = len(list(folder.glob("*.eml")))

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        part = folder / f"{self.taken:05}.part"
        with part.open("wb") as file:
            file.write(envelope.original_content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(part.with_suffix(".eml"))
        print(f"letter {self.taken} for {len(envelope.rcpt_tos)}", flush=True)
        return "250 2.0.0 kept"


def known(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == password)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[2])
controller = Controller(
    Keeper(), hostname="0.0.0.0", port=465, ssl_context=context, authenticator=known, auth_required=True,
    auth_require_tls=False,
)
controller.start()
asyncio.new_event_loop().run_forever()
