// Lighthouse on each address, one browser for all; a line of JSON for each page. A page that is not fast enough is
// measured twice more, and the run in the middle counts: one run tells as much of the machine's other work.
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromePath, flags, ...addresses] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.join(modules, file)));
const { default: lighthouse } = await load("lighthouse/core/index.js");
const { launch } = await load("chrome-launcher/dist/index.js");

const failed = (report, category) => report.categories[category].auditRefs
  .filter(({ id, weight }) => weight && report.audits[id].score !== null && report.audits[id].score < 1)
  .map(({ id }) => id);

const summary = (report) => {
  const categories = Object.keys(report.categories);
  const unused = ["unused-css-rules", "unused-javascript"].flatMap((id) =>
    (report.audits[id]?.details?.items ?? []).map(({ url, wastedBytes }) => `${url} (${wastedBytes} bytes)`));
  return {
    ...Object.fromEntries(categories.map((id) => [id, 100 * report.categories[id].score])),
    failed: Object.fromEntries(categories.map((id) => [id, failed(report, id)])),
    kilobytes: report.audits["total-byte-weight"].numericValue / 1024,
    shift: report.audits["cumulative-layout-shift"].numericValue,
    unused,
  };
};

const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", ...JSON.parse(flags)], logLevel: "silent" });
const run = async (address) => {
  const { lhr } = await lighthouse(address, { port: chrome.port, output: "json", logLevel: "error" });
  if (lhr.runtimeError) throw new Error(`${address}: ${lhr.runtimeError.message}`);
  return summary(lhr);
};
try {
  await run(addresses[0]);  // not counted: a new browser is slow at first
  for (const address of addresses) {
    const runs = [await run(address)];
    if (runs[0].performance < 100) runs.push(await run(address), await run(address));
    runs.sort((one, other) => one.performance - other.performance);
    process.stdout.write(JSON.stringify(runs[Math.floor(runs.length / 2)]) + "\n");
  }
} finally {
  chrome.kill();
}
