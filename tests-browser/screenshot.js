// Makes the picture of the README, docs/console.png: the members page of an account with people in it.
//
//   scripts/browser-tests                      (once, for the binary and what else is needed)
//   apt-get install -y --no-install-recommends fonts-inter libfaketime
//   TESTED_BINARY=target/debug/bailiwick node tests-browser/screenshot.js

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OWNER, fill } from "./example.js";
import { signIn } from "./people.js";
import { launch, startServer, visitor } from "./support.js";

const PICTURE = path.join(import.meta.dirname, "../docs/console.png");

// The console uses the system's own font. A bare Debian has none worth showing, so for this picture it is Inter.
const scratch = mkdtempSync(path.join(tmpdir(), "bailiwick-picture-"));
const fonts = path.join(scratch, "fonts.conf");
const prefer = ["system-ui", "ui-sans-serif", "sans-serif"].map((family) => `<match><test name="family"><string>${family}</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>`);
writeFileSync(fonts, `<?xml version="1.0"?><fontconfig><dir>/usr/share/fonts</dir><cachedir>${scratch}</cachedir>${prefer.join("")}</fontconfig>`);
process.env.FONTCONFIG_FILE = fonts;

// The server is told that it is some months ago, and then later and later, so that people have come one by one.
const offset = path.join(scratch, "clock");
const clock = (days) => writeFileSync(offset, `-${Math.round(days * 86_400)}s`);
clock(182);
const library = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`).find(existsSync);
if (!library) throw new Error("libfaketime is not installed");
const environment = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: offset, FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
const server = await startServer({ environment });
const browser = await launch();
try {
  await fill(server, clock);
  const page = await visitor(browser, server, { colorScheme: "light", viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 });
  await signIn(page, OWNER.email);
  await page.getByRole("heading", { name: "Members" }).waitFor();
  await page.screenshot({ path: PICTURE });
} finally {
  await browser.close();
  await server.stop();
  rmSync(scratch, { recursive: true, force: true });
}
