// An invitation on its whole way: sent through a real SMTP server, received, its link followed in the browser to the end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { decoded, linkIn, startServer, launch, visitor } from "./support.js";
import { choosePassword, invite, open, row, setUp } from "./people.js";

const PYTHON = process.env.TESTED_PYTHON ?? "python3";
const SMTP_SERVER = path.join(import.meta.dirname, "../crates/bailiwick-server/tests/support/smtp_server.py");

/** A real SMTP server: its port, and the messages that it receives, in their order. */
async function startSmtp() {
  const child = spawn(PYTHON, [SMTP_SERVER], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  assert.ok(port, "the SMTP server did not start");
  return {
    port,
    receive: async () => JSON.parse((await lines.next()).value),
    stop: () => child.stdin.end(),
  };
}

/** The parts of a `multipart/alternative` message by their type (RFC 2046 section 5.1). */
function parts(message) {
  const boundary = message.match(/boundary="?([^"\r\n;]+)"?/i)[1];
  const texts = message.split(`--${boundary}`).slice(1, -1);
  return Object.fromEntries(
    texts.map((text) => {
      const [headers, ...body] = text.trimStart().split(/\r?\n\r?\n/);
      const type = headers.match(/^content-type:\s*([^;\s]+)/im)[1];
      const encoding = headers.match(/^content-transfer-encoding:\s*(\S+)/im)?.[1].toLowerCase();
      const content = body.join("\r\n\r\n");
      if (encoding === "base64") return [type, Buffer.from(content, "base64").toString()];
      return [type, encoding === "quoted-printable" ? decoded(content) : content];
    }),
  );
}

test("an invitation received by SMTP is followed to the end, from its text and from its HTML", async () => {
  const smtp = await startSmtp();
  after(() => smtp.stop());
  const server = await startServer({
    environment: {
      BAILIWICK_MAIL_TRANSPORT: "smtp",
      BAILIWICK_MAIL_HOST: "127.0.0.1",
      BAILIWICK_MAIL_PORT: String(smtp.port),
      BAILIWICK_MAIL_TLS: "none",
      BAILIWICK_MAIL_FROM: "access@northwind.example",
    },
  });
  after(() => server.stop());
  const browser = await launch();
  after(() => browser.close());
  const owner = await setUp(browser, server);

  for (const [type, name, email] of [
    ["text/plain", "Ann Berg", "ann@northwind.example"],
    ["text/html", "Bob Stein", "bob@northwind.example"],
  ]) {
    await invite(owner, [email], ["Viewer"]);
    const mail = await smtp.receive();
    assert.deepEqual([mail.from, mail.to], ["access@northwind.example", [email]]);
    const part = parts(mail.data)[type];
    assert.match(part, /Northwind Search/);
    const page = await visitor(browser, server);
    if (type === "text/html") {
      // The mail as a mail program shows it, whose link a person clicks.
      await page.setContent(part);
      await page.locator('a[href*="/links/"]').first().click();
    } else {
      await page.goto(linkIn(part));
    }
    await page.getByRole("heading", { name: "Join Northwind Search" }).waitFor();
    await choosePassword(page, name);
    await page.getByRole("banner").getByRole("link", { name: "Northwind Search" }).waitFor();
    await open(owner, "Members");
    await row(owner, name).getByText("Active").waitFor();
  }
});
