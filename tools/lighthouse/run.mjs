// Runs Lighthouse, as on a phone, over every page of a dashboard of its own,
// and prints a table. Accessibility and best practices must be 100 everywhere.
// Performance depends on the machine: it is printed and judged by people.
// Usage: run.mjs PROGRAM BROWSER [WORD...]
// Lighthouse examines one page at a time in a process, and waits a lot, so the
// pages are shared among processes.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { start } from "./dashboard.mjs";
import { pages, press, Visitor } from "./pages.mjs";
import { navigation, puppeteer } from "./tools.mjs";

const categories = ["performance", "accessibility", "best-practices"];
const processes = 2;
const columns = [24, 12, 14, 15, 9, 9];

// They keep the browser from talking to anyone but the dashboard: no name but
// those of this machine resolves.
const browserArgs = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-proxy-server",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
];

// How long a page must be quiet before it counts as loaded: nothing here comes
// late, and there are many pages.
const quiet = 500; // ms

const config = (status) => ({
  extends: "lighthouse:default",
  settings: {
    onlyCategories: categories, ignoreStatusCode: true, disableFullPageScreenshot: true,
    pauseAfterFcpMs: quiet, pauseAfterLoadMs: quiet, networkQuietThresholdMs: quiet, cpuQuietThresholdMs: quiet,
  },
  // The console notes the status of the document itself, which is meant.
  audits: status < 400 ? [] : [{
    path: "errors-in-console",
    options: { ignoredPatterns: [`the server responded with a status of ${status} (`] },
  }],
});

/** Brings a page up under Lighthouse, and gives its report. */
async function examine(page, visitor) {
  const tab = page.path ? await visitor.browser.newPage() : await page.from(visitor);
  const requestor = page.path ? visitor.url + await page.path(visitor) : () => press(tab, page.button);
  try {
    const { lhr } = await navigation(tab, requestor, { config: config(page.status ?? 200) });
    return lhr;
  } finally {
    await tab.close();
  }
}

/** Examines a page once more when the browser lost the recording, as it may. */
async function examined(page, visitor) {
  for (const last of [false, true]) {
    const lhr = await examine(page, visitor);
    if (!lhr.runtimeError) return lhr;
    if (last) throw new Error(`${page.name}: ${lhr.runtimeError.message}`);
    console.error(`${page.name}: ${lhr.runtimeError.code}: once more`);
  }
}

/** What went over the wire. Only the document may come with a status from 400 on. */
function traffic(lhr, status = 200) {
  // What came from the browser's memory was not transferred.
  const all = lhr.audits["network-requests"].details.items.filter((r) => r.url.startsWith("http") && r.transferSize > 0);
  const faults = all.filter((r) => r.statusCode !== 303 && r.statusCode !== (r.resourceType === "Document" ? status : 200))
    .map((r) => `status ${r.statusCode} for ${r.url}`);
  return { faults, requests: all.length, bytes: all.reduce((sum, r) => sum + r.transferSize, 0) };
}

const percent = (category) => category.score === null ? NaN : Math.round(category.score * 100);

/** What keeps a category from 100, with the places. */
function shortcomings(lhr, id) {
  return lhr.categories[id].auditRefs
    .map((ref) => ({ ...ref, ...lhr.audits[ref.id] }))
    .filter((audit) => audit.weight > 0 && audit.score !== null && audit.score < 1)
    .map((audit) => `${audit.id}: ${audit.title}${places(audit)}`);
}

const places = (audit) => (audit.details?.items ?? []).slice(0, 5)
  .map((item) => `\n      ${item.node?.snippet ?? item.description ?? JSON.stringify(item)}`).join("");

const row = (cells) => cells.map((cell, i) => i === 0 ? String(cell).padEnd(columns[i]) : String(cell).padStart(columns[i])).join("");

/** Prints the row of a page, and gives what is wrong with it. */
function report(page, lhr) {
  const scores = categories.map((id) => percent(lhr.categories[id]));
  const { faults, bytes, requests } = traffic(lhr, page.status);
  console.log(row([page.name + (page.path ? "" : " *"), ...scores, bytes, requests]));
  const wrong = categories.slice(1).filter((_, i) => scores[i + 1] !== 100)
    .flatMap((id) => [`${id} is not 100`, ...shortcomings(lhr, id)]);
  return [...faults, ...wrong].map((text) => `${page.name}: ${text}`);
}

/** Examines these pages of a dashboard, one after the other. */
async function tour(chosen, visitor) {
  const wrong = [];
  for (const page of chosen) {
    if (page.as) await visitor.signIn(page.as);
    else if (!page.team && !page.stranger && !visitor.full) await visitor.connect();
    wrong.push(...report(page, await examined(page, visitor)));
  }
  return wrong;
}

/** Examines every other page that the words choose, from the nth on. */
async function run(program, executablePath, nth, words) {
  const chosen = pagesNamed(words).filter((_, i) => i % processes === nth);
  const of = (fits) => chosen.filter((page) => fits(page.team ?? false));
  return [
    ...await toured(of((team) => !team), program, executablePath),
    ...await toured(of((team) => team === true), program, executablePath, "--team"),
    ...await toured(of((team) => team === "fleet"), program, executablePath, "--team", "--connect-channel"),
  ];
}

function pagesNamed(words) {
  const chosen = pages.filter((page) => words.length === 0 || words.some((word) => page.name.includes(word)));
  if (chosen.length === 0) throw new Error(`no page is named like that; there are: ${pages.map((p) => p.name).join("; ")}`);
  return chosen;
}

/** Runs this file once more for each share of the pages, and returns how many of them found something. */
async function runAll(...args) {
  pagesNamed(args.slice(2));
  console.log(row(["page", "performance", "accessibility", "best practices", "bytes", "requests"]));
  const children = Array.from({ length: processes }, (_, nth) =>
    fork(fileURLToPath(import.meta.url), args, { env: { ...process.env, NTH: String(nth) } }));
  const ends = await Promise.all(children.map((child) => once(child, "exit")));
  console.log("* A button leads there, from a page with the same style and script.");
  return ends.filter(([code]) => code !== 0).length;
}

/** Examines these pages of a dashboard that is started with more arguments. */
async function toured(some, program, executablePath, ...more) {
  if (some.length === 0) return [];
  const dashboard = await start(program, ...more);
  try {
    const browser = await puppeteer.launch({ executablePath, args: browserArgs });
    try {
      return await tour(some, new Visitor(browser, dashboard));
    } finally {
      await browser.close();
    }
  } finally {
    await dashboard.stop();
  }
}

const [program, browser, ...words] = process.argv.slice(2);
if (process.env.NTH === undefined) {
  process.exitCode = await runAll(program, browser, ...words);
} else {
  const wrong = await run(program, browser, Number(process.env.NTH), words);
  for (const text of wrong) console.error(text);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
