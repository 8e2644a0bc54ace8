// A person's own page, accounts, ownership, management keys.

import assert from "node:assert/strict";
import { test } from "node:test";
import { linksMailedTo, visitor, world } from "./support.js";
import { accept, accountOf, invite, member, open, row, sendInvitation, setUp, signIn, told } from "./people.js";

let owner;
const selfService = { BAILIWICK_ACCOUNTS_SELF_SERVICE: "true" };
const here = world({ catalog: "qdrant-cloud", environment: selfService }, async ({ browser, server }) => {
  owner = await setUp(browser, server);
});

/** Opens an account of a person's own; the console has no page for it, so it is asked of the API, as the page's person. */
async function openAccount(page, name) {
  const status = await page.evaluate(async (name) => {
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/v1/accounts", { method: "POST", headers, body: JSON.stringify({ name }) })).status;
  }, name);
  assert.equal(status, 201);
}

const section = (page, name) => page.getByRole("region", { name, exact: true });

test("q04 a newcomer sees the own profile and nothing else", async () => {
  const ann = await member(here, owner, "ann@northwind.example", "Ann Berg");
  assert.equal(new URL(ann.url()).pathname, "/me");
  await ann.getByRole("heading", { name: "Ann Berg" }).waitFor();
  for (const page of ["members", "roles", "keys", "audit", "invite"]) {
    await ann.goto(`/accounts/${accountOf(owner)}/${page}`);
    await ann.getByRole("heading", { name: "Not allowed" }).waitFor();
  }
});

test("q18 a person sees what they may do", async () => {
  await owner.goto("/me");
  const mine = section(owner, "What you may do");
  await mine.getByText("The whole account").click();
  for (const permission of ["write:clusters", "delete:account", "read:profile"]) await mine.getByText(permission).waitFor();
  const bob = await member(here, owner, "bob@northwind.example", "Bob Stein");
  const his = section(bob, "What you may do");
  await his.getByText("read:profile").waitFor();
  assert.equal(await his.getByRole("listitem").count(), 1);
});

test("q06 invitations of several accounts are seen and answered by who is invited, and by nobody else", async () => {
  const ann = await visitor(here.browser, here.server);
  await signIn(ann, "ann@northwind.example");
  await openAccount(ann, "Side project");
  await openAccount(ann, "Book club");
  const invited = "carol@northwind.example";
  const carol = await member(here, owner, invited, "Carol Weiss");
  for (const account of ["Side project", "Book club"]) {
    await ann.goto("/me");
    await ann.getByRole("button", { name: `Open ${account}`, exact: true }).click();
    await ann.getByRole("link", { name: "Invite people" }).click();
    await sendInvitation(ann, [invited]);
  }
  const [, link] = await linksMailedTo(here.server, invited, 3);
  await ann.goto(link);
  await ann.getByText(`You are signed in as ann@northwind.example, and this invitation is for ${invited}.`).waitFor();
  assert.equal(await ann.getByRole("button", { name: "Accept and join" }).count(), 0);

  await carol.goto("/me");
  await carol.getByRole("button", { name: "Decline the invitation to Book club" }).click();
  await told(carol, "You declined the invitation to Book club.");
  await carol.getByRole("button", { name: "Accept the invitation to Side project" }).click();
  await told(carol, "Welcome to Side project.");
  await carol.goto("/me");
  await section(carol, "Invitations").getByText("No invitation waits for you.").waitFor();
  await section(carol, "Accounts").getByText("Side project").waitFor();
  assert.equal(await section(carol, "Accounts").getByText("Book club").count(), 0);
});

test("q06 somebody known signs in from the link and accepts", async () => {
  await invite(owner, ["dora@northwind.example"]);
  const dora = await accept(here.browser, here.server, "dora@northwind.example", "Dora Klein");
  const ann = await visitor(here.browser, here.server);
  await signIn(ann, "ann@northwind.example");
  await ann.goto("/me");
  await ann.getByRole("button", { name: "Open Side project", exact: true }).click();
  await ann.getByRole("link", { name: "Invite people" }).click();
  await sendInvitation(ann, ["dora@northwind.example"]);
  const [, link] = await linksMailedTo(here.server, "dora@northwind.example", 2);
  await dora.context().clearCookies();
  await dora.goto(link);
  await dora.getByRole("link", { name: "Sign in to accept" }).click();
  assert.equal(await dora.getByLabel("Email").inputValue(), "dora@northwind.example");
  await dora.getByLabel("Password", { exact: true }).fill("copper lantern quiet meadow");
  await dora.getByRole("button", { name: "Sign in" }).click();
  await dora.getByRole("button", { name: "Accept and join" }).click();
  await told(dora, "Welcome to Side project.");
});

test("q14 accounts are renamed, chosen as default, switched between and left", async () => {
  const ann = await visitor(here.browser, here.server);
  await signIn(ann, "ann@northwind.example");
  await ann.goto("/me");
  await ann.getByRole("button", { name: "Open Side project", exact: true }).click();
  await open(ann, "Settings");
  await ann.getByLabel("Account name").fill("Main project");
  await ann.getByRole("button", { name: "Rename" }).click();
  await ann.getByRole("banner").getByRole("link", { name: "Main project" }).click();
  await ann.getByRole("button", { name: "Open Main project at sign-in" }).click();
  await told(ann, "Main project opens when you sign in.");
  await ann.getByRole("button", { name: "Open Northwind Search", exact: true }).click();
  await ann.getByRole("banner").getByRole("link", { name: "Northwind Search" }).waitFor();
  await ann.context().clearCookies();
  await signIn(ann, "ann@northwind.example");
  await ann.getByRole("banner").getByRole("link", { name: "Main project" }).click();
  await ann.getByRole("link", { name: "Leave Northwind Search" }).click();
  await ann.getByRole("button", { name: "Leave account" }).click();
  await told(ann, "You left Northwind Search.");
  assert.equal(await section(ann, "Accounts").getByText("Northwind Search").count(), 0);
  await open(owner, "Members");
  assert.equal(await row(owner, "Ann Berg").count(), 0);
});

test("q14 the owner deletes an account by typing its name", async () => {
  const ann = await visitor(here.browser, here.server);
  await signIn(ann, "ann@northwind.example");
  await ann.goto("/me");
  await ann.getByRole("button", { name: "Open Book club", exact: true }).click();
  await open(ann, "Settings");
  await ann.getByRole("link", { name: "Delete this account" }).click();
  await ann.getByLabel("Type the account's name to confirm").fill("book");
  await ann.getByRole("button", { name: "Delete account" }).click();
  await ann.getByText("This is not the account's name.").waitFor();
  await ann.getByLabel("Type the account's name to confirm").fill("Book club");
  await ann.getByRole("button", { name: "Delete account" }).click();
  await told(ann, "Book club is deleted.");
  assert.equal(await section(ann, "Accounts").getByText("Book club").count(), 0);
});

test("q15 a management key is shown once, acts for the machine, and ends when it is deleted", async () => {
  await open(owner, "Keys");
  await owner.getByLabel("Name", { exact: true }).fill("Control plane");
  await owner.getByRole("checkbox", { name: "Admin" }).check();
  await owner.getByRole("button", { name: "Create service account" }).click();
  await told(owner, "The service account Control plane is created.");
  await owner.getByLabel("New key").fill("first");
  await owner.getByRole("button", { name: "Make a key" }).click();
  const key = await owner.getByLabel("Key", { exact: true }).inputValue();
  await owner.getByRole("link", { name: "Done" }).click();
  await owner.getByText(key.slice(0, 12)).waitFor();
  assert.ok(!(await owner.content()).includes(key));

  const account = `${here.server.origin}/api/v1/accounts/${accountOf(owner)}`;
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  assert.equal((await fetch(`${account}/members`, { headers })).status, 200);
  const body = JSON.stringify({ emails: ["zoe@northwind.example"], roles: [] });
  assert.equal((await fetch(`${account}/invitations`, { method: "POST", headers, body })).status, 403);

  await owner.getByRole("link", { name: "Delete the key first" }).click();
  await owner.getByRole("button", { name: "Delete" }).click();
  await told(owner, "The key is deleted and works no more.");
  assert.equal((await fetch(`${account}/members`, { headers })).status, 401);
});

test("q13 ownership is handed over when the other accepts, and only then may the owner leave", async () => {
  const heir = await member(here, owner, "emil@northwind.example", "Emil Haas");
  await open(owner, "Settings");
  assert.equal(await owner.getByRole("link", { name: "Leave this account" }).count(), 0);
  await owner.getByLabel("Email of a member").fill("emil@northwind.example");
  await owner.getByRole("button", { name: "Offer ownership" }).click();
  await told(owner, "Ownership is offered to emil@northwind.example");
  // The way there is offered from the next page on: until then there was nothing for them in the settings.
  await heir.reload();
  await open(heir, "Settings");
  await heir.getByRole("button", { name: "Accept ownership" }).click();
  await told(heir, "You own this account now.");
  await open(heir, "Members");
  await row(heir, "Emil Haas").getByText("Owner").waitFor();
  await row(heir, "Maya Okafor").getByText("Admin").waitFor();
  await open(owner, "Settings");
  await owner.getByRole("link", { name: "Leave this account" }).click();
  await owner.getByRole("button", { name: "Leave account" }).click();
  await told(owner, "You left Northwind Search.");
});

test("sessions are seen and ended, and a new password ends the others", async () => {
  const [first, second] = [await visitor(here.browser, here.server), await visitor(here.browser, here.server)];
  for (const page of [first, second]) await signIn(page, "carol@northwind.example");
  await first.goto("/me");
  const mine = section(first, "Where you are signed in");
  await mine.getByText("this one").waitFor();
  const others = mine.getByRole("button", { name: "End" });
  const before = await others.count();
  await others.first().click();
  await told(first, "The session has ended.");
  assert.equal(await others.count(), before - 1);
  await first.getByLabel("Present password").fill("not this one at all");
  await first.getByLabel("New password").fill("amber harbour silent orchard");
  await first.getByRole("button", { name: "Change password" }).click();
  await first.getByText("This is not your present password.").waitFor();
  await first.getByLabel("Present password").fill("copper lantern quiet meadow");
  await first.getByLabel("New password").fill("amber harbour silent orchard");
  await first.getByRole("button", { name: "Change password" }).click();
  await told(first, "Your password is changed.");
  assert.equal(await others.count(), 0);
  await second.goto("/me");
  await second.getByRole("heading", { name: "Sign in" }).waitFor();
});
