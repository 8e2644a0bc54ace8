// Starts the real server on a free port with a data directory of its own, and drives Chromium against it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const PASSWORD = "copper lantern quiet meadow";

const BINARY = process.env.TESTED_BINARY ?? "bailiwick";
const BROWSER = process.env.TESTED_BROWSER ?? "/usr/bin/chromium";
/** How long anything may take before a test gives up on it. */
export const PATIENCE = 15_000;

/** A running server; `setUpLink` is what its first start printed. */
export async function startServer({ catalog = "bailiwick", environment = {} } = {}) {
  const data = mkdtempSync(path.join(tmpdir(), "bailiwick-browser-"));
  mkdirSync(path.join(data, "mail"));
  const child = spawn(BINARY, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--catalog", catalog], {
    stdio: ["ignore", "pipe", "pipe"],
    // Tests send invitations again at once, which people do not.
    env: { ...process.env, BAILIWICK_INVITATIONS_MAIL_INTERVAL: "0s", ...environment },
  });
  let output = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const setUpLink = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the server gave no set-up link:\n${output}`));
    }, PATIENCE);
    ended.then((code) => reject(new Error(`the server ended with ${code}:\n${output}`))).finally(() => clearTimeout(timer));
    const look = (chunk) => {
      output += chunk;
      const found = output.match(/http:\/\/\S+\/links\/\S+/);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[0]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("error", reject);
  });
  return {
    data,
    origin: new URL(setUpLink).origin,
    setUpLink,
    async stop() {
      child.kill("SIGTERM");
      const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
      await ended;
      clearTimeout(impatience);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The links in the mails to somebody, in the order in which the mails were written. Waits until there are that many. */
export function linksMailedTo(server, email, atLeast = 1) {
  const directory = path.join(server.data, "mail");
  const address = new RegExp(`^To: .*${email.replaceAll(".", "\\.")}`, "im");
  const find = () => {
    const names = readdirSync(directory).filter((name) => name.endsWith(".eml")).sort();
    const texts = names.map((name) => readFileSync(path.join(directory, name), "utf8"));
    return texts.filter((text) => address.test(text)).map((text) => linkIn(decoded(text))).filter(Boolean);
  };
  return new Promise((resolve, reject) => {
    const end = (answer, value) => {
      clearTimeout(timer);
      watcher.close();
      answer(value);
    };
    const look = () => {
      const links = find();
      if (links.length >= atLeast) end(resolve, links);
    };
    const timer = setTimeout(() => end(reject, new Error(`too few mails to ${email}: ${find()}`)), PATIENCE);
    // Watching begins before the first look, so that no mail is written unseen between the two.
    const watcher = watch(directory, look);
    look();
  });
}

/** The first single-use link of a text. */
export function linkIn(text) {
  return text.match(/http:\/\/[^\s"<>]+?\/links\/[A-Za-z0-9_-]+/)?.[0];
}

/** Undoes quoted-printable (RFC 2045 section 6.7), in which long links are broken. */
export function decoded(text) {
  return text.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/** Chromium without anything that calls home; it makes a fresh profile by itself. */
export function launch() {
  const flags = ["--disable-quic", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: BROWSER, headless: true, args: ["--no-sandbox", ...flags] });
}

/** What browsers complained about: violations of the content policy, errors of scripts, whatever a console shows. */
const complaints = [];

/**
 * A server and a browser for the tests of a file, whose pages must give the browser nothing to complain about.
 * `begin` comes before the first test.
 */
export function world(options, begin = () => {}) {
  const world = {};
  before(async () => {
    world.server = await startServer(options);
    world.browser = await launch();
    await begin(world);
  }, { timeout: 4 * PATIENCE });
  after(async () => {
    await world.browser?.close();
    await world.server?.stop();
    assert.deepEqual(complaints, []);
  }, { timeout: 4 * PATIENCE });
  return world;
}

/** A page of a browser context of its own. */
export async function visitor(browser, server, options = {}) {
  const context = await browser.newContext({ baseURL: server.origin, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    // The browser reports a page of status 4xx as an error of its own; tests ask for some of these.
    const isRefusal = /the server responded with a status of 4\d\d/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isRefusal) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  return page;
}
