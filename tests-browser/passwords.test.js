// A forgotten password, wrong ones, and sessions that end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, linksMailedTo, visitor, world } from "./support.js";
import { setUp, signIn, told } from "./people.js";

const OWNER = "maya@northwind.example";
const CHOSEN = "amber harbor willow sixteen";

let owner;
const here = world({}, async ({ browser, server }) => {
  owner = await setUp(browser, server);
});

/** The name of the field in which one would type now. */
const typing = (page) => page.evaluate(() => document.activeElement?.getAttribute("name"));

test("after a wrong password the email is kept and typing goes on in the password", async () => {
  const page = await visitor(here.browser, here.server);
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(OWNER);
  await page.getByLabel("Password", { exact: true }).fill("not this one at all");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The email address or the password is wrong").waitFor();
  assert.equal(await page.getByLabel("Email").inputValue(), OWNER);
  assert.equal(await typing(page), "password");
});

test("all other sessions end by one button", async () => {
  const other = await visitor(here.browser, here.server);
  await signIn(other, OWNER);
  await owner.goto("/me");
  await owner.getByRole("button", { name: "End all others" }).click();
  await told(owner, "All your other sessions have ended.");
  assert.equal(await owner.getByRole("button", { name: "End all others" }).count(), 0);
  await other.goto("/me");
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a forgotten password is replaced by the link in a mail, by keyboard alone", async () => {
  const page = await visitor(here.browser, here.server);
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
  assert.equal(await typing(page), "email");
  await page.keyboard.type(OWNER);
  await page.keyboard.press("Enter");
  await page.getByText("If an account uses this address, we have sent a link to it.").waitFor();

  const [link] = await linksMailedTo(here.server, OWNER);
  await page.goto(link);
  await page.getByText(OWNER).waitFor();
  assert.equal(await typing(page), "password");
  await page.getByLabel("New password", { exact: true }).fill(CHOSEN);
  await page.getByLabel("New password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("The two passwords differ.").waitFor();
  assert.equal(await typing(page), "again");
  await page.getByLabel("New password", { exact: true }).fill(CHOSEN);
  await page.getByLabel("New password again").fill(CHOSEN);
  await page.keyboard.press("Enter");
  await told(page, "Your password is changed. Your other sessions have ended.");
  await page.getByRole("heading", { name: "Members" }).waitFor();

  // Everything from before is over: the session of the owner, the old password, the link.
  await owner.goto("/me");
  await owner.getByRole("heading", { name: "Sign in" }).waitFor();
  await owner.getByLabel("Email").fill(OWNER);
  await owner.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await owner.getByRole("button", { name: "Sign in" }).click();
  await owner.getByText("The email address or the password is wrong").waitFor();
  await owner.goto(link);
  await owner.getByText("This link is not valid").waitFor();
  await page.goto("/");
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByText("chose a new password by a link").waitFor();
});

test("an address that nobody has gets the same page and no mail", async () => {
  const page = await visitor(here.browser, here.server);
  await page.goto("/forgot-password");
  await page.getByLabel("Email").fill("nobody@northwind.example");
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("If an account uses this address, we have sent a link to it.").waitFor();
});
