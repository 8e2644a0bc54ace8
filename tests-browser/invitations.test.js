// Inviting, answering, cancelling, removing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { linksMailedTo, visitor, world } from "./support.js";
import { accept, accountOf, act, choosePassword, invite, member, open, row, setUp, told } from "./people.js";

let owner;
const here = world({ catalog: "qdrant-cloud" }, async ({ browser, server }) => {
  owner = await setUp(browser, server);
});

test("q01 whoever is invited gets the Base role", async () => {
  await invite(owner, ["ann@northwind.example"]);
  await told(owner, "Invitation sent to ann@northwind.example.");
  await row(owner, "ann@northwind.example").getByText("Pending").waitFor();
  await accept(here.browser, here.server, "ann@northwind.example", "Ann Berg");
  await open(owner, "Members");
  await row(owner, "Ann Berg").getByText("Active").waitFor();
  await row(owner, "Ann Berg").getByText("Base").waitFor();
});

test("q02 roles chosen in the invitation are there on acceptance, and Base with them", async () => {
  await invite(owner, ["bob@northwind.example", "carol@northwind.example"], ["Admin"]);
  await told(owner, "2 invitations sent.");
  await accept(here.browser, here.server, "bob@northwind.example", "Bob Stein");
  await open(owner, "Members");
  await row(owner, "Bob Stein").getByRole("link", { name: "Bob Stein" }).click();
  assert.ok(await owner.getByRole("checkbox", { name: "Admin" }).isChecked());
  await row(owner, "Base").getByText("Everybody has it").waitFor();
});

test("q05 a pending invitation is cancelled, and its link no longer works", async () => {
  await invite(owner, ["dora@northwind.example"]);
  const [link] = await linksMailedTo(here.server, "dora@northwind.example");
  await act(owner, "dora@northwind.example", "Revoke");
  await told(owner, "Invitation of dora@northwind.example revoked.");
  assert.equal(await row(owner, "dora@northwind.example").count(), 0);
  const guest = await visitor(here.browser, here.server);
  await guest.goto(link);
  await guest.getByText("This link is not valid").waitFor();
});

test("q05 an invitation sent again ends the earlier link", async () => {
  await invite(owner, ["emil@northwind.example"]);
  await linksMailedTo(here.server, "emil@northwind.example");
  await act(owner, "emil@northwind.example", "Send again");
  await told(owner, "Invitation sent to emil@northwind.example again.");
  const [earlier, later] = await linksMailedTo(here.server, "emil@northwind.example", 2);
  const guest = await visitor(here.browser, here.server);
  await guest.goto(earlier);
  await guest.getByText("This link is not valid").waitFor();
  await guest.goto(later);
  await guest.getByRole("heading", { name: "Join Northwind Search" }).waitFor();
});

test("a copied link is passed on by hand and works", async () => {
  await invite(owner, ["fritz@northwind.example"]);
  await act(owner, "fritz@northwind.example", "Copy link");
  const link = await owner.getByLabel("Link", { exact: true }).inputValue();
  await owner.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await owner.getByRole("button", { name: "Copy" }).click();
  await told(owner, "Copied.");
  assert.equal(await owner.evaluate(() => navigator.clipboard.readText()), link);
  const guest = await visitor(here.browser, here.server);
  await guest.goto(link);
  await choosePassword(guest, "Fritz Lang");
  await owner.getByRole("link", { name: "Done" }).click();
  await row(owner, "Fritz Lang").getByText("Active").waitFor();
});

test("an invitation is declined", async () => {
  await invite(owner, ["gina@northwind.example"]);
  const [link] = await linksMailedTo(here.server, "gina@northwind.example");
  const guest = await visitor(here.browser, here.server);
  await guest.goto(link);
  await guest.getByRole("button", { name: "Decline" }).click();
  await told(guest, "You declined the invitation to Northwind Search.");
  await open(owner, "Members");
  assert.equal(await row(owner, "gina@northwind.example").count(), 0);
});

test("what was typed is kept when an address is wrong", async () => {
  await owner.goto(owner.url().replace(/members.*/, "invite"));
  await owner.getByLabel("Email addresses").fill("hans@northwind.example, hans@@example");
  await owner.getByRole("checkbox", { name: "Admin" }).check();
  await owner.getByRole("button", { name: "Send invitations" }).click();
  await owner.getByText("Check the spelling").waitFor();
  assert.equal(await owner.getByLabel("Email addresses").inputValue(), "hans@northwind.example, hans@@example");
  assert.ok(await owner.getByRole("checkbox", { name: "Admin" }).isChecked());
  assert.equal(await owner.getByLabel("Email addresses").getAttribute("aria-invalid"), "true");
});

test("q08 removing is offered for people who accepted, cancelling for people who have not", async () => {
  await invite(owner, ["ida@northwind.example"]);
  await owner.getByLabel("Actions for ida@northwind.example").click();
  const actions = row(owner, "ida@northwind.example").getByRole("button");
  assert.deepEqual(await actions.allTextContents(), ["Send again", "Copy link", "Revoke"]);
  const ida = await accept(here.browser, here.server, "ida@northwind.example", "Ida Noll");
  await open(owner, "Members");
  assert.equal(await owner.getByLabel("Actions for ida@northwind.example").count(), 0);
  await owner.getByRole("link", { name: "Ida Noll" }).click();
  await owner.getByRole("link", { name: "Remove", exact: true }).click();
  await owner.getByRole("button", { name: "Remove member" }).click();
  await told(owner, "Ida Noll is no longer a member.");
  assert.equal(await row(owner, "Ida Noll").count(), 0);
  await ida.goto(owner.url());
  await ida.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("nobody is offered what they may not do", async () => {
  const jan = await member(here, owner, "jan@northwind.example", "Jan Ruiz");
  assert.equal(await jan.getByRole("link", { name: "Invite people" }).count(), 0);
  const tabs = jan.getByRole("navigation", { name: "Account" }).getByRole("link");
  assert.deepEqual(await tabs.allTextContents(), []);
  await jan.goto(`/accounts/${accountOf(owner)}/settings`);
  await jan.getByRole("heading", { name: "Not allowed" }).waitFor();
  // The only owner can be removed by nobody.
  await open(owner, "Members");
  await owner.getByRole("link", { name: "Maya Okafor" }).click();
  assert.equal(await owner.getByRole("link", { name: "Remove", exact: true }).count(), 0);
});

test("the list is searched while typing and has a second page", async () => {
  const many = Array.from({ length: 60 }, (_, number) => `guest${number}@northwind.example`);
  await invite(owner, many);
  await told(owner, "60 invitations sent.");
  await owner.getByRole("link", { name: "Next page" }).click();
  await row(owner, "Maya Okafor").waitFor();
  await owner.getByRole("link", { name: "First page" }).click();
  await owner.getByLabel("Search by name or email").pressSequentially("guest59");
  await row(owner, "maya@northwind.example").waitFor({ state: "detached" });
  await row(owner, "guest58").waitFor({ state: "detached" });
  await row(owner, "guest59").waitFor();
  assert.match(owner.url(), /q=guest59/);
  await owner.getByLabel("Search by name or email").fill("nobody at all");
  await owner.getByRole("heading", { name: "Nobody found" }).waitFor();
});
