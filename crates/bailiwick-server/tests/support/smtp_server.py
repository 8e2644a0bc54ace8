"""An SMTP server for tests: prints its port, then every message it received as one line of JSON.

Recipients decide what it answers: `reject@…` gets 550, `later@…` 451. It stops when its standard input ends, so that it
does not outlive the test that started it.
"""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        received = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("utf-8"),
            "tls": session.ssl is not None,
            "authenticated": bool(session.authenticated),
        }
        print(json.dumps(received), flush=True)
        return "250 OK"


def authenticator(wanted):
    def check(server, session, envelope, mechanism, data):
        given = (data.login + b":" + data.password).decode()
        return AuthResult(success=given == wanted, handled=False)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--login", help="name:password; required of clients if given")
    arguments = parser.parse_args()

    context = None
    if arguments.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    is_starttls = arguments.tls == "starttls"
    loop = asyncio.get_running_loop()

    def protocol():
        return SMTP(
            Handler(),
            hostname="mail.test",
            enable_SMTPUTF8=True,
            tls_context=context if is_starttls else None,
            require_starttls=is_starttls,
            auth_require_tls=is_starttls,
            auth_required=arguments.login is not None,
            authenticator=authenticator(arguments.login) if arguments.login else None,
            loop=loop,
        )

    wrapper = context if arguments.tls == "implicit" else None
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=wrapper)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
