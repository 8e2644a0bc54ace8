// An account as it might be after some months: people of several roles and states, a project, resources and a machine.
// Made through the HTTP API, so that the pages have something to show before any of them is used.

import { PASSWORD, linksMailedTo } from "./support.js";

export const OWNER = { name: "Maya Okafor", email: "maya.okafor@northwind.example" };

/** Those who accepted, in the order in which they came; `joined` and `seen` are days before today. */
const MEMBERS = [
  { name: "Jonas Lindqvist", email: "jonas.lindqvist@northwind.example", roles: ["admin"], joined: 170, seen: 0.13 },
  { name: "Karim Haddad", email: "karim.haddad@contractor.example", roles: ["viewer"], isInactive: true, joined: 121, seen: 38 },
  { name: "Priya Raman", email: "priya.raman@northwind.example", roles: ["developer"], grants: [{ role: "cluster_read_write", scope: { resources: ["search-eu"] } }], joined: 84, seen: 0.05 },
  { name: "Tomás Ferreira", email: "tomas.ferreira@northwind.example", roles: ["developer", "billing"], joined: 62, seen: 1.2 },
  { name: "Hana Sato", email: "hana.sato@northwind.example", roles: ["viewer"], grants: [{ role: "project_admin", scope: { project: "production" } }], joined: 26, seen: 0.4 },
  { name: "Lucie Moreau", email: "lucie.moreau@northwind.example", roles: ["auditor"], joined: 12, seen: 6 },
  { name: "Daniel Abebe", email: "daniel.abebe@northwind.example", roles: ["editor"], joined: 3, seen: 0.9 },
];

const INVITED = [
  { email: "elena.petrova@northwind.example", roles: ["developer"], joined: 0.75 },
  { email: "samuel.brandt@auditors.example", roles: ["auditor"], joined: 0.2 },
];

/** A caller of the HTTP API in somebody's name. */
function caller(server, token) {
  return async (method, path, body) => {
    const response = await fetch(`${server.origin}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  };
}

/**
 * Fills a fresh server; gives the account's id. `clock`, where there is one, sets the server's clock to so many days before
 * today, so that not everybody came in the same second.
 */
export async function fill(server, clock) {
  const anybody = caller(server);
  const signIn = (email) => anybody("POST", "/sign-in", { email, password: PASSWORD });
  clock?.(182);
  const token = new URL(server.setUpLink).pathname.split("/").at(-1);
  const first = await anybody("POST", "/set-up", { token, ...OWNER, password: PASSWORD, account_name: "Northwind Search" });
  let owner = caller(server, first.token);
  const base = `/accounts/${first.account.id}`;
  await owner("POST", `${base}/projects`, { name: "Production", external_id: "production" });
  await owner("POST", `${base}/resources:register`, {
    resources: [
      { type: "cluster", name: "search-eu", external_id: "search-eu", project: "production" },
      { type: "cluster", name: "search-us", external_id: "search-us", project: "production" },
      { type: "cluster", name: "experiments", external_id: "experiments" },
    ],
  });
  await owner("POST", `${base}/roles`, {
    name: "On call",
    description: "Restarts clusters and restores backups at night.",
    level: "account",
    permissions: ["write:clusters", "read:backups"],
  });
  const machine = await owner("POST", `${base}/service-accounts`, { name: "Control plane", description: "Registers clusters and asks who may use them.", roles: ["control_plane"] });
  await owner("POST", `${base}/keys`, { name: "production", service_account: machine.id });

  // What happened, day after day.
  const days = [...MEMBERS, ...INVITED].map((person) => [person.joined, () => join(person)]);
  if (clock) days.push(...MEMBERS.map((person) => [person.seen, () => signIn(person.email)]));
  const away = MEMBERS.find((person) => person.isInactive);
  days.push([away.seen - 1, () => owner("PATCH", `${base}/members/${away.id}`, { status: "inactive" })]);
  for (const [day, happens] of days.sort(([one], [other]) => other - one)) {
    clock?.(day);
    // Sessions end after some weeks without use.
    if (clock) owner = caller(server, (await signIn(OWNER.email)).token);
    await happens();
  }
  clock?.(0);
  return first.account.id;

  async function join(person) {
    await owner("POST", `${base}/invitations`, { emails: [person.email], roles: person.roles });
    if (!person.name) return;
    const [mailed] = await linksMailedTo(server, person.email);
    const accepted = await anybody("POST", "/links:accept", { token: mailed.split("/").at(-1), name: person.name, password: PASSWORD });
    person.id = accepted.user.id;
    for (const grant of person.grants ?? []) await owner("POST", `${base}/grants`, { principal: person.id, ...grant });
  }
}
