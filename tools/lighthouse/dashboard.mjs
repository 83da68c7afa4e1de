// A dashboard with a sandbox, on free ports, with data of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const announced = /^Hookwall is at (http:\/\/[\d.:]+) \(the sandbox is at (http:\/\/[\d.:]+\d)/;

/** Starts the program, with more arguments, and gives the addresses of the dashboard and the sandbox. */
export async function start(program, ...more) {
  const data = await mkdtemp(join(tmpdir(), "hookwall-lighthouse-"));
  // Nothing of the person's own settings may reach it.
  const env = { PATH: process.env.PATH, HOME: data, XDG_DATA_HOME: data, LocalAppData: data };
  const server = spawn(resolve(program), ["--addr", "127.0.0.1:0", "--sandbox-addr", "127.0.0.1:0", ...more],
    { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "exit");
  const stop = async () => {
    server.kill();
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  try {
    const [url, sandbox] = await addresses(server.stdout);
    return { url, sandbox: new Sandbox(sandbox), stop };
  } catch (err) {
    await stop();
    throw err;
  }
}

async function addresses(output) {
  const printed = [];
  const lines = createInterface({ input: output });
  for await (const line of lines) {
    printed.push(line);
    const found = announced.exec(line);
    if (found) {
      output.resume(); // the log goes nowhere, so that the program never waits
      return found.slice(1);
    }
  }
  throw new Error(`the dashboard did not start:\n${printed.join("\n")}`);
}

/** The emulator of Fourthwall, as its controls and its API answer. */
class Sandbox {
  constructor(url) { this.url = url; }

  async #ask(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers },
    });
    if (!answer.ok) throw new Error(`sandbox: ${method} ${path}: status ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  async shops() { return (await this.#ask("GET", "/_sandbox/state")).shops; }

  async channel() { return (await this.#ask("GET", "/_sandbox/state")).channel; }

  add(shop, url, ...allowedTypes) { return this.#ask("POST", `/_sandbox/shops/${shop.id}/webhooks`, { url, allowedTypes }); }

  fire(shop, type) { return this.#ask("POST", `/_sandbox/shops/${shop.id}/events`, { type, testMode: true }); }

  /** Makes the next request fail. */
  fail(method, path, status) { return this.#ask("POST", "/_sandbox/failures", { method, path, status, times: 1 }); }

  /** Changes a webhook, as somebody else with the shop's key would. */
  replace(shop, webhook, url, ...allowedTypes) {
    const key = Buffer.from(`${shop.apiUser}:${shop.apiPassword}`).toString("base64");
    return this.#ask("PUT", `/open-api/v1.0/webhooks/${webhook.id}`, { url, allowedTypes }, { Authorization: `Basic ${key}` });
  }
}
