// What every page owes to everybody: readable in light and dark, usable by keyboard alone and without a script, and nothing
// for the browser to complain about (which `world` checks for all tests).

import assert from "node:assert/strict";
import { test } from "node:test";
import { faintParts } from "./contrast.js";
import { OWNER, fill } from "./example.js";
import { act, row, sendInvitation, signIn, told } from "./people.js";
import { PASSWORD, linksMailedTo, visitor, world } from "./support.js";

const addresses = [];
let state;
const here = world({}, async ({ browser, server }) => {
  const guest = await visitor(browser, server);
  for (const path of ["/sign-in", "/links/nonsense"]) addresses.push(path);
  const base = `/accounts/${await fill(server)}`;
  const [mailed] = await linksMailedTo(server, "elena.petrova@northwind.example");
  addresses.push(new URL(mailed).pathname);
  await signIn(guest, OWNER.email);
  const member = await guest.getByRole("link", { name: "Priya Raman" }).getAttribute("href");
  await guest.goto(`${base}/roles`);
  const role = await guest.getByRole("link", { name: "On call" }).getAttribute("href");
  const pages = ["members", "members?q=nobody", "members?status=pending", "invite", "roles", "roles/developer", "new-role", "keys", "audit", "audit?type=invitation.&q=hana", "settings", "delete"];
  for (const page of pages) addresses.push(`${base}/${page}`);
  addresses.push(member, `${member}/deactivate`, `${member}/remove`, role, `${role}/edit`, `${role}/delete`, "/me", "/nowhere");
  state = await guest.context().storageState();
});

for (const colorScheme of ["light", "dark"]) {
  test(`texts and fields stand out on every page in ${colorScheme}`, async () => {
    for (const storageState of [undefined, state]) {
      const page = await visitor(here.browser, here.server, { colorScheme, storageState });
      for (const address of addresses) {
        await page.goto(address);
        await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
        const { texts, faint } = await page.evaluate(faintParts);
        assert.ok(texts > 3, `${address} has no text`);
        assert.deepEqual(faint, [], address);
      }
    }
  });
}

test("no page is wider than a telephone", async () => {
  const page = await visitor(here.browser, here.server, { viewport: { width: 360, height: 740 }, storageState: state });
  for (const address of addresses) {
    await page.goto(address);
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(excess, 0, address);
  }
});

test("every page has a title, a language, one main heading, and a name for each control", async () => {
  const page = await visitor(here.browser, here.server, { storageState: state });
  const titles = new Set();
  for (const address of addresses) {
    await page.goto(address);
    titles.add(await page.title());
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, address);
    assert.equal(await page.getByRole("main").count(), 1, address);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, summary")]
        .filter((one) => !one.labels?.length && !one.getAttribute("aria-label") && !one.getAttribute("aria-labelledby") && !one.textContent.trim())
        .map((one) => one.outerHTML),
    );
    assert.deepEqual(nameless, [], address);
    const doubled = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
      return ids.filter((id, at) => ids.indexOf(id) !== at);
    });
    assert.deepEqual(doubled, [], address);
  }
  assert.ok(titles.size > 10);
});

/** Presses Tab until the control of this name has the focus, which has to be visible wherever it is. */
async function tabTo(page, name) {
  const seen = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const [found, outline] = await page.evaluate(() => {
      const one = document.activeElement;
      const label = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
      const styles = [one, one.closest("label") ?? one].map((at) => getComputedStyle(at).outlineStyle);
      return [label.trim().replace(/\s+/g, " "), styles.some((style) => style !== "none")];
    });
    assert.ok(outline, `the focus on ${found} is invisible`);
    if (found.startsWith(name)) return;
    assert.ok(seen.length < 200, `${name} cannot be reached: ${seen}`);
    seen.push(found);
  }
}

test("by keyboard alone: sign in, invite, revoke, sign out", async () => {
  const page = await visitor(here.browser, here.server);
  await page.goto("/sign-in");
  await page.keyboard.type(OWNER.email);
  await tabTo(page, "Password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Members" }).waitFor();
  await tabTo(page, "Skip to content");
  await page.keyboard.press("Enter");
  await tabTo(page, "Invite people");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Invite people" }).waitFor();
  await page.keyboard.type("nora@northwind.example");
  await tabTo(page, "Viewer");
  await page.keyboard.press("Space");
  await tabTo(page, "Send invitations");
  await page.keyboard.press("Enter");
  await told(page, "Invitation sent to nora@northwind.example.");
  await row(page, "nora@northwind.example").getByText("Viewer").waitFor();

  await tabTo(page, "Actions for nora@northwind.example");
  await page.keyboard.press("Enter");
  await row(page, "nora@northwind.example").getByRole("button", { name: "Revoke" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await row(page, "nora@northwind.example").getByRole("button", { name: "Revoke" }).count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Actions for nora@northwind.example");
  await page.keyboard.press("Enter");
  await tabTo(page, "Revoke");
  await page.keyboard.press("Enter");
  await told(page, "Invitation of nora@northwind.example revoked.");

  await tabTo(page, "Your menu");
  await page.keyboard.press("Enter");
  await tabTo(page, "Sign out");
  await page.keyboard.press("Enter");
  await told(page, "You are signed out.");
});

test("without a script: sign in, filter, invite, revoke, change roles", async () => {
  const page = await visitor(here.browser, here.server, { javaScriptEnabled: false });
  await signIn(page, OWNER.email);
  await page.getByLabel("Search by name or email").fill("hana");
  await page.getByRole("button", { name: "Filter" }).click();
  await row(page, "Maya Okafor").waitFor({ state: "detached" });
  await row(page, "Hana Sato").waitFor();
  assert.equal(await page.getByRole("button", { name: "Show" }).count(), 0);
  await page.getByRole("link", { name: "Invite people" }).click();
  await sendInvitation(page, ["olaf@northwind.example"], ["Viewer"]);
  await act(page, "olaf@northwind.example", "Revoke");
  await told(page, "Invitation of olaf@northwind.example revoked.");
  await page.getByRole("link", { name: "Daniel Abebe" }).click();
  await page.getByRole("checkbox", { name: "Billing" }).check();
  await page.getByRole("button", { name: "Save roles" }).click();
  await told(page, "Roles saved.");
  await row(page, "Billing").getByText("Granted").waitFor();
});

test("q08 removing asks to retype the email where the catalog says so", async () => {
  const page = await visitor(here.browser, here.server, { storageState: state });
  await page.goto("/");
  await page.getByRole("link", { name: "Karim Haddad" }).click();
  await page.getByRole("link", { name: "Remove", exact: true }).click();
  await page.getByLabel("Type their email to confirm").fill("karim@contractor.example");
  await page.getByRole("button", { name: "Remove member" }).click();
  await page.getByText("This is not the member's email.").waitFor();
  await page.getByLabel("Type their email to confirm").fill("Karim.Haddad@contractor.example");
  await page.getByRole("button", { name: "Remove member" }).click();
  await told(page, "Karim Haddad is no longer a member.");
});

test("access to a resource is granted with an end and taken back", async () => {
  const page = await visitor(here.browser, here.server, { storageState: state });
  await page.goto("/");
  await page.getByRole("link", { name: "Lucie Moreau" }).click();
  await page.getByLabel("Role", { exact: true }).selectOption({ label: "Cluster read-only" });
  await page.getByLabel("Where", { exact: true }).selectOption({ label: "cluster search-us" });
  await page.getByLabel("Last day").fill("2099-12-30");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await told(page, "Access added.");
  await row(page, "Cluster search-us").getByText("31 Dec 2099").waitFor();
  await page.getByRole("button", { name: "Remove Cluster read-only at Cluster search-us" }).click();
  await told(page, "Access removed.");
  assert.equal(await row(page, "Cluster search-us").count(), 0);
});

test("the audit log is filtered, leafed through, opened and exported as it is filtered", async () => {
  const page = await visitor(here.browser, here.server, { storageState: state });
  await page.goto(addresses.find((address) => address.endsWith("/audit")));
  const lines = page.getByRole("listitem");
  assert.equal(await lines.count(), 50);
  await page.getByRole("link", { name: "Older events" }).click();
  await page.getByText("opened the account Northwind Search").waitFor();
  await page.getByLabel("What", { exact: true }).selectOption("member.");
  await page.getByLabel("Who", { exact: true }).fill(OWNER.email);
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("deactivated Karim Haddad").waitFor();
  assert.equal(await lines.filter({ hasText: "Jonas Lindqvist" }).count(), 0);
  await page.getByText("deactivated Karim Haddad").click();
  await page.getByRole("heading", { name: "Record" }).first().waitFor();
  const count = await lines.count();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export JSON lines" }).click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const exported = Buffer.concat(chunks).toString().trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(exported.length, count);
  assert.ok(exported.every((event) => event.type.startsWith("member.")));
});
