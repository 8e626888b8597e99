// The whole gate with nothing but Node: installs the pinned Deno and the locked packages, runs `deno task ok`, and ends with one line
// `N passed, N failed`, counted from the test report; a gate that stops before the tests counts as one failure.
"use strict";
const { spawnSync } = require("node:child_process");
const { mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join, resolve } = require("node:path");

const version = "2.9.6";
const root = resolve(__dirname, "..");
const run = (command, args) =>
  spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, NO_COLOR: "1" } }).status ?? 1;

const installed = spawnSync("deno", ["--version"], { encoding: "utf8" });
const deno = installed.status === 0 && installed.stdout.startsWith(`deno ${version} `)
  ? (args) => run("deno", args)
  : (args) => run("npx", ["-y", `deno@${version}`, ...args]);

const folder = mkdtempSync(join(tmpdir(), "signum-"));
const report = join(folder, "report.xml");
const status = deno(["install", "--frozen", "-q"]) || deno(["task", "-q", "ok", `--junit-path=${report}`]);

let passed = 0;
let failed = 0;
try {
  const text = readFileSync(report, "utf8");
  const count = (name) => Number(new RegExp(`<testsuites[^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
  const cases = [...text.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped\b/g)];
  for (const [, name] of cases) console.log(`skipped: ${name}`);
  failed = count("failures") + count("errors");
  passed = count("tests") - failed - cases.length;
} catch {
  console.error("The gate stopped before the tests");
}
rmSync(folder, { recursive: true, force: true });
if (status !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
