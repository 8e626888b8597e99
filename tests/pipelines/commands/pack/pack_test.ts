/** Files that are cut, joined by a plain shell and compared; what is damaged or missing is named; what would be packed is listed. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noise } from "../../../../kernels/ops/op_case.ts";
import { run } from "../../../../pipelines/cli.ts";
import { partBytes } from "../../../../pipelines/commands/pack/parts.ts";
import { isLeftOut } from "../../../../pipelines/commands/pack/runtime.ts";
import { memory, StandardStreams } from "../../../../pipelines/files/standard_streams.ts";

const root = new URL("../../../..", import.meta.url).pathname;

const withFolder = async (body: (folder: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), "signum-pack-"));
  await body(folder).finally(() => rmSync(folder, { recursive: true }));
};

const command = async (...words: ReadonlyArray<string>) => {
  const io = memory("");
  await Effect.runPromise(run(words).pipe(Effect.provideService(StandardStreams, io.streams)));
  return { stdout: io.stdout(), stderr: io.stderr() };
};
const refused = async (...words: ReadonlyArray<string>) =>
  (await Effect.runPromise(
    Effect.flip(run(words).pipe(Effect.provideService(StandardStreams, memory("").streams))),
  )).message;

/** Runs the join script with a shell and no more than the usual tools. */
const joined = async (folder: string, ...names: ReadonlyArray<string>) => {
  const { code, stderr } = await new Deno.Command("sh", {
    args: [join(folder, "join"), ...names],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr).trim() };
};

const bytesOf = (name: string, length: number) => Uint8Array.from(noise(name, length), (x) => (x + 1) * 128);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("a file that is split and joined has the same bytes, whatever its size is to the parts", () =>
  withFolder(async (folder) => {
    for (const length of [0, 1, 998, 999, 1000, 1998, 5000]) {
      const out = join(folder, `${length}`);
      const bytes = bytesOf("weights", length);
      writeFileSync(join(folder, "weights.bin"), bytes);
      await command("parts", join(folder, "weights.bin"), "--out", out, "--part-size", "0.001");
      const parts = readdirSync(out).filter((name) => name.includes(".part-"));
      assert.equal(parts.length, Math.max(1, Math.ceil(length / 999)), `${length} bytes`);
      for (const part of parts) assert.ok(readFileSync(join(out, part)).length < 1000);
      assert.ok(!existsSync(join(out, "weights.bin")));
      assert.deepEqual(await joined(out), { code: 0, stderr: "" });
      assert.deepEqual(new Uint8Array(readFileSync(join(out, "weights.bin"))), bytes);
      const lines = readFileSync(join(out, "weights.bin.sha256"), "utf8").trim().split("\n");
      assert.equal(lines.at(-1), `${sha256(bytes)}  weights.bin`);
      assert.equal(lines[0], `${sha256(bytes.subarray(0, 999))}  weights.bin.part-000`);
    }
  }));

Deno.test("a part that is damaged or missing is named with its hash, and nothing is joined", () =>
  withFolder(async (folder) => {
    const bytes = bytesOf("weights", 2500);
    writeFileSync(join(folder, "weights.bin"), bytes);
    const out = join(folder, "parts");
    await command("parts", join(folder, "weights.bin"), "--out", out, "--part-size", "0.001");
    const second = join(out, "weights.bin.part-001");
    const right = readFileSync(second);
    const wrong = Uint8Array.from(right);
    wrong[7] ^= 1;
    writeFileSync(second, wrong);
    const names = readdirSync(out);
    assert.deepEqual(await joined(out), {
      code: 1,
      stderr: `Cannot join "weights.bin": part "weights.bin.part-001" has SHA-256 ${sha256(wrong)}, expected ${
        sha256(right)
      }`,
    });
    rmSync(second);
    assert.deepEqual(await joined(out, "weights.bin"), {
      code: 1,
      stderr: `Cannot join "weights.bin": part "weights.bin.part-001" is missing, its SHA-256 is ${sha256(right)}`,
    });
    assert.deepEqual(readdirSync(out), names.filter((name) => name !== "weights.bin.part-001"));
    writeFileSync(second, right);
    // Where the manifest's own line of the whole is wrong, no file takes the name either.
    const manifest = join(out, "weights.bin.sha256");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace(sha256(bytes), "0".repeat(64)));
    assert.match((await joined(out)).stderr, new RegExp(`joined it has SHA-256 ${sha256(bytes)}, expected 0{64}$`));
    assert.ok(!existsSync(join(out, "weights.bin")));
    assert.match((await joined(out, "others.bin")).stderr, /Cannot join "others.bin": there is no manifest/);
  }));

Deno.test("a smaller file that is split again leaves no part of the larger one", () =>
  withFolder(async (folder) => {
    const out = join(folder, "parts");
    for (const length of [3000, 500]) {
      writeFileSync(join(folder, "a.bin"), bytesOf("a", length));
      await command("parts", join(folder, "a.bin"), "--out", out, "--part-size", "0.001");
    }
    assert.deepEqual(readdirSync(out).sort(), ["a.bin.part-000", "a.bin.sha256", "join"]);
    assert.deepEqual([partBytes(60), partBytes(0.001)], [59_999_999, 999]);
  }));

Deno.test("what cannot be split is refused before anything is written", () =>
  withFolder(async (folder) => {
    const out = join(folder, "out");
    writeFileSync(join(folder, "a b"), "x");
    writeFileSync(join(folder, "a"), "x");
    assert.match(await refused("parts", join(folder, "none"), "--out", out), /^Cannot split ".*none": /);
    assert.match(await refused("parts", folder, "--out", out), /expected a file$/);
    assert.match(await refused("parts", join(folder, "a b"), "--out", out), /expected a name of letters/);
    writeFileSync(join(folder, "-n"), "x");
    assert.match(await refused("parts", join(folder, "-n"), "--out", out), /does not begin with -, found "-n"$/);
    assert.match(
      await refused("parts", join(folder, "a"), join(folder, ".", "a"), "--out", out),
      /would have the same name$/,
    );
    assert.match(await refused("parts", join(folder, "a")), /--out is missing/);
    assert.ok(!existsSync(out));
  }));

Deno.test("pack leaves out what another system runs", () => {
  const webgpu = "node_modules/.deno/webgpu@0.6.2/node_modules/webgpu/dist";
  assert.ok(!isLeftOut(`${webgpu}/linux-x64/dawn.node`));
  for (const system of ["darwin-universal", "linux-arm64", "win32-x64"]) {
    assert.ok(isLeftOut(`${webgpu}/${system}/dawn.node`), system);
  }
  assert.ok(isLeftOut("node_modules/.deno/effect@4.1.0/node_modules/effect/dist/Effect.js.map"));
  assert.ok(!isLeftOut("node_modules/.deno/@resvg+resvg-js-linux-x64-gnu@2.6.2/node_modules"));
});

const isLinux = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

Deno.test({
  name: "pack --dry-run lists what would be packed and how large, and writes nothing (x86-64 Linux)",
  ignore: !isLinux,
  fn: () =>
    withFolder(async (folder) => {
      const before = Deno.cwd();
      Deno.chdir(root);
      const out = join(folder, "out");
      writeFileSync(join(folder, "weights.bin"), new Uint8Array(2500));
      const { stdout, stderr } = await command(
        "pack",
        join(folder, "weights.bin"),
        "--out",
        out,
        "--part-size",
        "0.001",
        "--dry-run",
      ).finally(() => Deno.chdir(before));
      assert.equal(JSON.parse(stdout).partSize, 0.001);
      assert.match(stderr, new RegExp(`^deno\\.gz: \\d+\\.\\d MB from Deno ${Deno.version.deno}, `, "m"));
      assert.match(
        stderr,
        /^node_modules\.tar\.gz: \d+\.\d MB in \d+ files and folders .*; \d+\.\d MB of other systems/m,
      );
      assert.match(stderr, /^libvulkan\.so\.1: \d+\.\d MB from /m);
      assert.match(stderr, /^weights\.bin: 0\.0 MB in 3 parts$/m);
      assert.ok(!existsSync(out));
    }),
});

/** A folder that `deno task pack` wrote; packing takes minutes, so it is not done here. */
const packed = Deno.env.get("SIGNUM_PACKED") ?? "";

Deno.test({
  name:
    "the packed runtime starts doctor in a folder of its own, with an empty home (SIGNUM_PACKED names what pack wrote)",
  ignore: packed === "",
  fn: () =>
    withFolder(async (folder) => {
      const script =
        `cp -r deno.json deno.lock mod.ts data kernels pipelines "$1" && cp -r "$2" "$1/.gpu" && mkdir "$1/home" && ` +
        `cd "$1" && HOME=$1/home sh .gpu/run task -q doctor`;
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", script, "sh", folder, packed],
        cwd: root,
        clearEnv: true,
        env: { PATH: "/usr/bin:/bin", http_proxy: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" },
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(text, /^self-test .*: right$/m);
    }),
});
