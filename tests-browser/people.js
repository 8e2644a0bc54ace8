// What people do in the console, as the tests of several files have them do it.

import { PASSWORD, linksMailedTo, visitor } from "./support.js";

/** Fills in the set-up form: the platform's first owner, signed in. */
export async function setUp(browser, server, options = {}) {
  const page = await visitor(browser, server, options);
  await page.goto(server.setUpLink);
  await page.getByLabel("Account name").fill("Northwind Search");
  await page.getByLabel("Your name").fill("Maya Okafor");
  await page.getByLabel("Email").fill("maya@northwind.example");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByRole("heading", { name: "Members" }).waitFor();
  return page;
}

export async function signIn(page, email) {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor({ state: "detached" });
}

/** Goes to a page of the account. */
export async function open(page, tab) {
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: tab, exact: true }).click();
  await page.getByRole("link", { name: tab, exact: true, current: "page" }).waitFor();
}

/** Invites people, by the form. */
export async function invite(page, emails, roles = []) {
  await open(page, "Members");
  await page.getByRole("link", { name: "Invite people" }).click();
  await sendInvitation(page, emails, roles);
}

/** Fills in the form for invitations and sends it. */
export async function sendInvitation(page, emails, roles = []) {
  await page.getByLabel("Email addresses").fill(emails.join(", "));
  for (const role of roles) await page.getByRole("checkbox", { name: role, exact: true }).check();
  await page.getByRole("button", { name: "Send invitations" }).click();
  await page.getByRole("status").waitFor();
}

/** A new person who accepts the newest invitation that was mailed, in a browser context of their own. */
export async function accept(browser, server, email, name) {
  const links = await linksMailedTo(server, email);
  const page = await visitor(browser, server);
  await page.goto(links.at(-1));
  await choosePassword(page, name);
  return page;
}

/** Fills in the form of an invitation of somebody new. */
export async function choosePassword(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Accept and join" }).click();
  await page.getByText("Welcome to ").waitFor();
}

/** Somebody invited who has accepted. */
export async function member(world, owner, email, name, roles = []) {
  await invite(owner, [email], roles);
  return accept(world.browser, world.server, email, name);
}

/** The row of somebody in a list of people. */
export function row(page, text) {
  return page.getByRole("row").filter({ hasText: text });
}

/** Chooses an action of an invitation's menu. */
export async function act(page, email, action) {
  await page.getByLabel(`Actions for ${email}`).click();
  await row(page, email).getByRole("button", { name: action }).click();
}

/** Waits for the message that says what was done. */
export async function told(page, text) {
  await page.getByRole("status").filter({ hasText: text }).waitFor();
}

/** The id of the account of a page. */
export function accountOf(page) {
  return page.url().match(/\/accounts\/(acc_[0-9a-f]+)/)[1];
}
