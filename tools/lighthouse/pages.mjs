// Every page of the dashboard, and the way there.

const receiver = "https://receiver.sandbox.example";

/** A person who has connected shops: an empty one, and one with webhooks and deliveries. */
export class Visitor {
  constructor(browser, { url, sandbox }) {
    Object.assign(this, { browser, url, sandbox });
  }

  /** A tab at a path of the dashboard. */
  async open(path) {
    const tab = await this.browser.newPage();
    await tab.goto(this.url + path);
    return tab;
  }

  async connect() {
    const shops = await this.sandbox.shops();
    this.empty = shops[0];
    this.full = shops[2];
    [this.webhook] = this.full.webhooks;
    await this.sandbox.add(this.full, `${receiver}/fail`, "ORDER_PLACED", "DONATION");
    for (const type of ["ORDER_PLACED", "DONATION", "GIFT_PURCHASE"]) await this.sandbox.fire(this.full, type);
    for (const shop of [this.empty, this.full]) {
      const tab = await this.open("/connect");
      await type(tab, "username", shop.apiUser);
      await type(tab, "password", shop.apiPassword);
      await send(tab, "form[action='/connect/key'] button");
      await tab.close();
    }
  }

  /** Signs in to the team as one of the sandbox's people. */
  async signIn(person) {
    if (this.person === person) return;
    const tab = await this.open("/sign-in/start");
    await send(tab, `button[value="${person}"]`);
    await tab.close();
    this.person = person;
  }

  at(shop, path) { return `/shops/${shop.id}${path}`; }

  /** The path of a webhook of the full shop, or of a page below it. */
  hook(path = "") { return this.at(this.full, `/webhooks/${this.webhook.id}${path}`); }

  /** The create form of a shop, filled in. */
  async composed(shop, url, ...types) {
    const tab = await this.open(this.at(shop, "/webhooks/new"));
    await type(tab, "url", url);
    for (const code of types) await tick(tab, code);
    return tab;
  }

  /** A plan of a new webhook for both shops, filled in. */
  async plan() {
    const tab = await this.open("/plans/new?kind=copy");
    await type(tab, "to", fresh());
    await tick(tab, "DONATION");
    return tab;
  }

  /** A template for all shops, filled in. */
  async template() {
    const tab = await this.open("/templates/new");
    await type(tab, "name", fresh());
    await type(tab, "url-0", fresh());
    await tab.$eval("[name=types-0][value=DONATION]", (box) => box.click());
    return tab;
  }

  /** The edit form with an event type more. */
  async changed() {
    const tab = await this.open(this.hook("/edit"));
    await tick(tab, "PROMOTION_CREATED");
    return tab;
  }
}

// Elements are used by script: where they are in the window does not matter.
const type = (tab, name, value) => tab.$eval(`[name="${name}"]`, (field, text) => { field.value = text; }, value);

const tick = (tab, code) => tab.$eval(`[name=allowedTypes][value="${code}"]`, (box) => { box.checked || box.click(); });

export const press = (tab, selector) => tab.$eval(selector, (button) => button.click());

async function send(tab, selector) {
  await Promise.all([tab.waitForNavigation(), press(tab, selector)]);
  return tab;
}

/** Where a button leads to, as a path that can be asked for again. */
async function ledTo(tab, selector) {
  await send(tab, selector);
  const { pathname, search } = new URL(tab.url());
  await tab.close();
  return pathname + search;
}

/** Where the first link of this kind leads to. */
async function linked(tab, selector) {
  const path = await tab.$eval(selector, (link) => link.getAttribute("href"));
  await tab.close();
  return path;
}

const create = "button.main[value=create]";
const review = "button.main[value=review]";
const main = "main form button.main";
const invite = "form[action='/people/invitations'] button";

let made = 0;

/** An address that no webhook has yet. */
const fresh = () => `https://hooks.example.com/fourthwall/${++made}`;

// A page has a path to be asked for, or the button that leads there from
// another page; status is of its document, 200 unless told. A page of a team is
// seen as one of the sandbox's people, or as a stranger. The team "fleet" has 43
// shops.
export const pages = [
  { name: "connect", stranger: true, path: () => "/connect" },
  { name: "tools", stranger: true, path: () => "/tools" },
  { name: "signature", stranger: true, path: () => "/tools/signature" },
  { name: "not found", stranger: true, path: () => "/nowhere", status: 404 },
  { name: "implicit sign-in", stranger: true, path: () => "/oauth/implicit" },
  { name: "installed", stranger: true, path: () => "/oauth/callback?code=unused" },
  { name: "shops", path: () => "/shops" },
  { name: "plans", path: () => "/plans" },
  { name: "plan a change", path: () => "/plans/new?kind=copy" },
  { name: "plan from a file", path: () => "/plans/file" },
  { name: "plan", path: async (v) => ledTo(await v.plan(), review) },
  { name: "templates", path: () => "/templates" },
  { name: "new template", path: () => "/templates/new" },
  { name: "template", path: async (v) => ledTo(await v.template(), "main [value=save]") },
  { name: "search", path: () => "/search?q=example" },
  { name: "shop labels", path: (v) => v.at(v.empty, "/labels") },
  { name: "disconnect", path: (v) => v.at(v.full, "/disconnect") },
  { name: "help", path: () => "/help" },
  { name: "display", path: () => "/display" },
  { name: "sign out", path: () => "/sign-out" },
  { name: "connect another", path: () => "/connect" },
  { name: "connect, refused", from: (v) => v.open("/connect"), button: "form[action='/connect/key'] button", status: 422 },
  { name: "list, empty", path: (v) => v.at(v.empty, "/webhooks") },
  { name: "list, full", path: (v) => v.at(v.full, "/webhooks") },
  { name: "list, nothing fits", path: (v) => v.at(v.full, "/webhooks?q=nothing") },
  { name: "create", path: (v) => v.at(v.empty, "/webhooks/new") },
  { name: "create, preset", path: (v) => v.at(v.empty, "/webhooks/new?preset=stream-alerts") },
  { name: "create, refused", from: (v) => v.composed(v.empty, "https://203.0.113.7/fw", "DONATION"), button: create, status: 422 },
  { name: "create, two errors", from: (v) => v.composed(v.empty, ""), button: create, status: 422 },
  { name: "create, not confirmed", from: notConfirmed, button: create, status: 502 },
  { name: "duplicate", path: async (v) => ledTo(await v.composed(v.full, v.webhook.url, ...v.webhook.allowedTypes), create) },
  { name: "created", from: (v) => v.composed(v.empty, fresh(), "DONATION", "ORDER_PLACED"), button: create },
  { name: "webhook", path: (v) => v.hook() },
  { name: "sample", path: () => "/samples/ORDER_PLACED" },
  { name: "components", path: () => "/dev/components" },
  { name: "edit", path: (v) => v.hook("/edit") },
  { name: "edit, review", path: async (v) => ledTo(await v.changed(), review) },
  { name: "edit, conflict", from: conflict, button: review, status: 409 },
  { name: "name", path: (v) => v.hook("/label") },
  { name: "delete", path: (v) => v.hook("/delete") },
  { name: "check", path: (v) => v.at(v.full, `/checks/new?webhook=${v.webhook.id}`) },
  { name: "check, finished", path: finishedCheck },
  { name: "test delivery", path: (v) => v.hook("/test") },
  { name: "test delivery, sent", from: (v) => v.open(v.hook("/test")), button: "button[value=send]" },
  { name: "signature, checked", from: checkedSignature, button: main },
  { name: "deliveries", path: (v) => v.at(v.full, "/events") },
  { name: "delivery", path: async (v) => linked(await v.open(v.at(v.full, "/events")), "main a[href*='/events/']") },
  { name: "activity", path: (v) => v.at(v.full, "/activity") },
  { name: "team: sign in", team: true, path: () => "/sign-in" },
  { name: "team: people", team: true, as: "person-1", path: () => "/people" },
  { name: "team: activity", team: true, as: "person-1", path: () => "/people/activity" },
  { name: "team: sessions and tokens", team: true, as: "person-1", path: () => "/you" },
  { name: "team: connect", team: true, as: "person-1", path: () => "/connect" },
  { name: "team: many keys", team: true, as: "person-1", path: manyKeys },
  { name: "team: invited", team: true, as: "person-1", from: (v) => v.open("/connect"), button: invite },
  { name: "team: invitation", team: true, as: "person-1", path: invitation },
  { name: "team: receipt", team: true, as: "person-1", path: receipt },
  { name: "team: channel", team: true, as: "person-1", path: channel },
  { name: "team: channel, question", team: true, as: "person-1", path: async (v) => `${await channel(v)}/disconnect` },
  { name: "team: shops", team: true, as: "person-1", path: () => "/shops" },
  { name: "fleet: shops", team: "fleet", as: "person-1", path: () => "/shops" },
  { name: "fleet: coverage", team: "fleet", as: "person-1", path: () => "/shops/coverage" },
  { name: "fleet: coverage by shop", team: "fleet", as: "person-1", path: () => "/shops/coverage?by=shops" },
  { name: "team: invitations", team: true, as: "person-1", path: () => "/people" },
  { name: "team: not allowed", team: true, as: "person-3", path: () => "/people", status: 403 },
  { name: "not found, in a shop", path: (v) => v.at(v.full, "/webhooks/wcon_gone"), status: 404 },
];

async function notConfirmed(v) {
  await v.sandbox.fail("POST", "/open-api/v1.0/webhooks", 500);
  return v.composed(v.empty, fresh(), "DONATION");
}

async function conflict(v) {
  const tab = await v.changed();
  await v.sandbox.replace(v.full, v.webhook, fresh(), "ORDER_UPDATED");
  return tab;
}

/** A check whose deliveries are answered. Its page is loaded again when it is over. */
async function finishedCheck(v) {
  const tab = await v.open(v.at(v.full, "/checks/new"));
  await type(tab, "url", `${receiver}/ok`);
  await send(tab, main);
  await tab.waitForSelector("#result");
  const { pathname } = new URL(tab.url());
  await tab.close();
  return pathname;
}

async function checkedSignature(v) {
  const tab = await v.open("/tools/signature");
  await type(tab, "body", '{"id":"weve_1"}');
  await type(tab, "signature", "bm90IHRoZSByaWdodCBvbmU=");
  await type(tab, "secret", "a secret");
  return tab;
}

/** The results of three keys, of which one is wrong. */
async function manyKeys(v) {
  const [one, two] = await v.sandbox.shops();
  const tab = await v.open("/connect");
  await type(tab, "keys", [one, two].map((shop) => `${shop.apiUser},${shop.apiPassword}`).join("\n") + "\nfw_api_gone,wrong");
  return ledTo(tab, "form[action='/connect/keys'] button");
}

async function invitation(v) {
  const tab = await send(await v.open("/connect"), invite);
  const link = await tab.$eval(".copyable code", (code) => code.textContent);
  await tab.close();
  return new URL(link.trim()).pathname;
}

/** The page of a shop's owner who accepted an invitation. */
async function receipt(v) {
  const shop = (await v.sandbox.shops())[2];
  const tab = await v.open(await invitation(v));
  await type(tab, "username", shop.apiUser);
  await type(tab, "password", shop.apiPassword);
  return ledTo(tab, "form[action$='/key'] button");
}

async function channel(v) {
  const { clientId, clientSecret } = await v.sandbox.channel();
  const tab = await v.open("/connect");
  await type(tab, "client_id", clientId);
  await type(tab, "secret", clientSecret);
  return ledTo(tab, "form[action='/connect/channel'] button");
}
