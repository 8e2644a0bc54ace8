// Roles: of a person, and the account's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "./support.js";
import { accept, act, invite, member, open, row, sendInvitation, setUp, told } from "./people.js";

let owner;
const here = world({ catalog: "qdrant-cloud" }, async ({ browser, server }) => {
  owner = await setUp(browser, server);
});

/** Makes a role by its form and stays on its page. */
async function createRole(name, permissions) {
  await open(owner, "Roles");
  await owner.getByRole("link", { name: "New role" }).click();
  await owner.getByLabel("Name").fill(name);
  for (const permission of permissions) await owner.getByRole("checkbox", { name: permission }).check();
  await owner.getByRole("button", { name: "Create role" }).click();
  await told(owner, `The role ${name} is created.`);
}

test("q03 inviting from a role's page invites with that role", async () => {
  await open(owner, "Roles");
  await owner.getByRole("link", { name: "Admin", exact: true }).click();
  await owner.getByRole("link", { name: "Invite with this role" }).click();
  assert.ok(await owner.getByRole("checkbox", { name: "Admin" }).isChecked());
  await sendInvitation(owner, ["ann@northwind.example"]);
  await row(owner, "ann@northwind.example").getByText("Admin").waitFor();
});

test("q05 a pending invitation is cancelled from the role's page", async () => {
  await invite(owner, ["bob@northwind.example"], ["Admin"]);
  await open(owner, "Roles");
  await owner.getByRole("link", { name: "Admin", exact: true }).click();
  await act(owner, "bob@northwind.example", "Revoke");
  await told(owner, "Invitation of bob@northwind.example revoked.");
  await owner.getByRole("heading", { name: "Admin" }).waitFor();
  assert.equal(await row(owner, "bob@northwind.example").count(), 0);
});

test("q07 a person holds several roles, and what counts is their union", async () => {
  await createRole("Backup reader", ["read:backups"]);
  await createRole("Cluster reader", ["read:clusters"]);
  await member(here, owner, "carol@northwind.example", "Carol Weiss");
  await open(owner, "Members");
  await owner.getByRole("link", { name: "Carol Weiss" }).click();
  await owner.getByRole("checkbox", { name: "Backup reader" }).check();
  await owner.getByRole("checkbox", { name: "Cluster reader" }).check();
  await owner.getByRole("button", { name: "Save roles" }).click();
  await told(owner, "Roles saved.");
  const mayDo = owner.getByRole("region", { name: "What they may do" });
  for (const permission of ["read:backups", "read:clusters", "read:profile"]) await mayDo.getByText(permission).waitFor();
  await owner.getByRole("checkbox", { name: "Backup reader" }).uncheck();
  await owner.getByRole("button", { name: "Save roles" }).click();
  await mayDo.getByText("read:backups").waitFor({ state: "detached" });
  await mayDo.getByText("read:clusters").waitFor();
});

test("q10 a custom role is made, renamed, duplicated and deleted", async () => {
  await open(owner, "Roles");
  await owner.getByRole("link", { name: "New role" }).click();
  await owner.getByLabel("Name").fill("abc");
  await owner.getByRole("checkbox", { name: "read:clusters" }).check();
  await owner.getByRole("button", { name: "Create role" }).click();
  await owner.getByText("needs at least 4").waitFor();
  assert.ok(await owner.getByRole("checkbox", { name: "read:clusters" }).isChecked());
  await owner.getByLabel("Name").fill("On call");
  await owner.getByRole("button", { name: "Create role" }).click();
  await told(owner, "The role On call is created.");

  await owner.getByRole("link", { name: "Edit" }).click();
  await owner.getByLabel("Name").fill("Night watch");
  await owner.getByLabel("Description").fill("Looks after clusters at night.");
  await owner.getByRole("button", { name: "Save role" }).click();
  await owner.getByRole("heading", { name: "Night watch" }).waitFor();

  await owner.getByRole("link", { name: "Duplicate" }).click();
  assert.equal(await owner.getByLabel("Name").inputValue(), "Copy of Night watch");
  await owner.getByRole("button", { name: "Create role" }).click();
  await told(owner, "The role Copy of Night watch is created.");
  await owner.getByRole("link", { name: "Delete" }).click();
  await owner.getByText("Nobody has it.").waitFor();
  await owner.getByRole("button", { name: "Delete role" }).click();
  await told(owner, "The role Copy of Night watch is deleted.");
  await owner.getByRole("link", { name: "Night watch" }).waitFor();
});

test("q10 a role in use is deleted only when its holders get another one", async () => {
  await createRole("Trainee", ["read:clusters"]);
  await invite(owner, ["dora@northwind.example"], ["Trainee"]);
  await accept(here.browser, here.server, "dora@northwind.example", "Dora Klein");
  await open(owner, "Roles");
  await owner.getByRole("link", { name: "Trainee" }).click();
  await owner.getByRole("link", { name: "Delete" }).click();
  await owner.getByRole("button", { name: "Delete role" }).click();
  await owner.getByRole("alert").waitFor();
  await owner.getByLabel("Its holders get instead").selectOption({ label: "Night watch" });
  await owner.getByRole("button", { name: "Delete role" }).click();
  await told(owner, "The role Trainee is deleted.");
  await open(owner, "Members");
  await row(owner, "Dora Klein").getByText("Night watch").waitFor();
});

test("q11 ticking write ticks read and locks it", async () => {
  await open(owner, "Roles");
  await owner.getByRole("link", { name: "New role" }).click();
  const [read, write] = ["read:clusters", "write:clusters"].map((name) => owner.getByRole("checkbox", { name }));
  await write.check();
  assert.ok(await read.isChecked());
  await read.click({ force: true });
  assert.ok(await read.isChecked());
  await write.uncheck();
  assert.ok(!(await read.isChecked()));
});

test("q09 built-in roles offer neither editing nor deleting", async () => {
  for (const name of ["Owner", "Admin", "Base"]) {
    await open(owner, "Roles");
    await owner.getByRole("link", { name, exact: true }).click();
    await owner.getByRole("heading", { name, level: 1 }).waitFor();
    assert.equal(await owner.getByRole("link", { name: /^(Edit|Delete)$/ }).count(), 0, name);
  }
});
