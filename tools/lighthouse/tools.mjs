// The packages that tools/lighthouse.sh installed in $LIGHTHOUSE_HOME.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.LIGHTHOUSE_HOME, "package.json"));

export const puppeteer = require("puppeteer-core");
export const { navigation } = await import(pathToFileURL(require.resolve("lighthouse")));
