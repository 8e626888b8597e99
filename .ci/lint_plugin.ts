/**
 * The house rules that a machine can check: imports that run down the table of rooms (`rooms.ts`), what pure folders may not touch, one source of
 * chance, arithmetic that has the same bits on every machine, failures as values outside boundary files, one file for each unstable Effect
 * module, names and sizes of files. The lists below are the whole configuration; a file that must break a rule is declared here, with its
 * reason, and nowhere else.
 */
import { importProblem } from "./rooms.ts";

/** Folders and files of plain functions on plain data. */
const pure = [
  "data/",
  "pipelines/records/schema.ts",
  "pipelines/records/claim.ts",
  "pipelines/algorithms/",
  "pipelines/settings/groups.ts",
  "pipelines/settings/command_groups.ts",
  "pipelines/recipes/",
];

/** Files that touch the world for a pure folder, or throw, or meet what throws or is asynchronous; a name that ends in "/" means every file below it. */
const boundary: Readonly<Record<string, string>> = {
  "pipelines/files/source.ts": "reads data sets from disk",
  "kernels/device/dawn.ts": "meets the GPU",
  "kernels/device/device.ts": "reads the environment",
  "kernels/device/swiftshader.ts": "unpacks a driver",
  "kernels/device/self_tests.ts": "remembers self-tests on disk",
  "kernels/wgsl/": "parser and checker are recursive: an exception is the plain way out",
  "kernels/wasm/lower.ts": "ends a compilation from deep inside",
  "kernels/wasm/lower_expressions.ts": "ends a compilation from deep inside",
  "kernels/wasm/compile.ts": "ends a compilation from deep inside",
  "kernels/wasm/module_bytes.ts": "ends a compilation from deep inside",
  "kernels/wasm/operators.ts": "ends a compilation from deep inside",
  "kernels/wasm/places.ts": "ends a compilation from deep inside",
  "kernels/wasm/values.ts": "ends a compilation from deep inside",
  "kernels/wasm/embedded_device.ts": "is called as WebGPU is, so its promises are promises",
  "kernels/wasm/embedded_commands.ts": "is called as WebGPU is, so its promises are promises",
  "kernels/wasm/heap.ts": "asks the system for memory, which throws",
  "kernels/wasm/open.ts": "asks the machine",
  "kernels/wasm/threads.ts": "starts workers",
  "kernels/wasm/worker.ts": "is a thread",
  "kernels/wasm/interpreter/fault.ts": "ends a dispatch that did something wrong",
  "pipelines/cli.ts": "is the process",
  "pipelines/commands/platform.ts": "is the process",
  "pipelines/files/standard_streams.ts": "meets the process's streams",
  "pipelines/records/record.ts": "meets JSON.parse, which throws",
  "pipelines/files/artifact_store.ts": "meets files",
  "pipelines/cluster/blob_store.ts": "meets files",
  "pipelines/cluster/code_version.ts": "meets files",
  "pipelines/cluster/http_store.ts": "meets files and the network",
  "pipelines/cluster/store_server.ts": "meets files and the network",
  "pipelines/files/run_directory.ts": "meets files",
  "pipelines/models/python_jinja.ts": "ends a rendering from deep inside",
  "pipelines/models/given_date.ts": "ends a rendering from deep inside",
  "pipelines/files/safetensors.ts": "meets files",
  "pipelines/files/text_file.ts": "meets files",
  "pipelines/files/checkpoint_directory.ts": "meets files",
  "pipelines/bench/storage.ts": "runs trainings as processes",
  "pipelines/commands/pack/parts.ts": "meets files",
  "pipelines/commands/pack/runtime.ts": "meets files and runs tar",
};

const http = "pipelines/serving/http_server.ts";
const store = "pipelines/cluster/store_server.ts";

/** The files of ours that may import each unstable module of Effect: one each, but for the two servers. */
const unstable: Readonly<Record<string, string>> = {
  "effect/FileSystem": "pipelines/commands/platform.ts",
  "effect/Stdio": "pipelines/files/standard_streams.ts",
  "effect/persistence/PersistedQueue": "pipelines/cluster/queue.ts",
  "effect/reactivity/Reactivity": "pipelines/cluster/sql.ts",
  "effect/sql/SqlClient": "pipelines/cluster/sql.ts",
  "effect/sql/SqlConnection": "pipelines/cluster/sql.ts",
  "effect/sql/Statement": "pipelines/cluster/sql.ts",
  "@effect/sql-pg/PgClient": "pipelines/cluster/postgres_client.ts",
  "@effect/platform-node/NodeHttpServer": "pipelines/files/http_listener.ts",
  "effect/http/HttpIncomingMessage": http,
  "effect/http/HttpServerRequest": `${http}, ${store}`,
  "effect/http/HttpServerResponse": `${http}, ${store}`,
};

/** Files that hold one idea and still need more lines than the rule allows. */
const long: ReadonlyArray<string> = [];

/** What of `Math` has the same bits on every machine; `random` has a rule of its own. */
const exact = "abs ceil clz32 floor fround imul max min random round sign sqrt trunc".split(" ");

const longest = 300;
const vague = ["utils", "util", "common", "helpers", "helper", "misc", "core"];
const sources = ["data", "kernels", "pipelines"];

const root = new URL("..", import.meta.url).pathname;

/** The path below the root of the repository. */
const pathOf = (filename: string): string => {
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(root) ? path.slice(root.length) : path;
};

const resolve = (from: string, specifier: string): string => {
  if (!specifier.startsWith(".")) return specifier;
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
};

const folderOf = (path: string): string => path.split("/")[0];
const isSource = (path: string): boolean => sources.includes(folderOf(path)) && path.includes("/");
const isBoundary = (path: string): boolean =>
  Object.keys(boundary).some((name) => name.endsWith("/") ? path.startsWith(name) : path === name);
const isPure = (path: string): boolean => pure.some((start) => path.startsWith(start)) && !isBoundary(path);

type Specified = {
  readonly source?: { readonly value?: unknown } | null;
  readonly argument?: { readonly literal?: { readonly value?: unknown } };
};

const imports = (check: (specifier: string) => string | undefined, context: Deno.lint.RuleContext) => {
  const visit = (node: Deno.lint.Node) => {
    const { source, argument } = node as unknown as Specified;
    const specifier = source?.value ?? argument?.literal?.value;
    if (typeof specifier !== "string") return;
    const problem = check(specifier);
    if (problem !== undefined) context.report({ node, message: problem });
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
    TSImportType: visit,
  };
};

const named = (node: Deno.lint.MemberExpression): string =>
  node.object.type === "Identifier" && node.property.type === "Identifier" && !node.computed
    ? `${node.object.name}.${node.property.name}`
    : "";

/** A literal of a whole number, with or without a sign. */
const isWholeLiteral = (node: Deno.lint.Expression | Deno.lint.PrivateIdentifier): boolean =>
  node.type === "UnaryExpression"
    ? node.operator === "-" && isWholeLiteral(node.argument)
    : node.type === "Literal" && Number.isInteger(node.value);

/** A bigint that can be seen to be one: a literal, or `BigInt(…)`. */
const isBigInt = (node: Deno.lint.Expression | Deno.lint.PrivateIdentifier): boolean =>
  node.type === "Literal"
    ? typeof node.value === "bigint"
    : node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "BigInt";

const rules: Record<string, Deno.lint.Rule> = {
  "import-arrows": {
    create(context) {
      const path = pathOf(context.filename);
      return imports((specifier) => {
        if (!isSource(path) || !specifier.startsWith(".")) return undefined;
        return importProblem(path, resolve(path, specifier));
      }, context);
    },
  },
  "unstable-once": {
    create(context) {
      const path = pathOf(context.filename);
      return imports((specifier) => {
        const owner = unstable[specifier];
        return isSource(path) && owner !== undefined && !owner.split(", ").includes(path)
          ? `"${specifier}" is unstable: only ${owner} imports it`
          : undefined;
      }, context);
    },
  },
  "one-source-of-chance": {
    create(context) {
      return {
        MemberExpression(node) {
          if (["Math.random", "crypto.getRandomValues", "crypto.randomUUID"].includes(named(node))) {
            context.report({ node, message: `${named(node)} cannot be replayed: draw from data/random.ts` });
          }
        },
      };
    },
  },
  "same-bits-everywhere": {
    create(context) {
      const path = pathOf(context.filename);
      if (!isSource(path) || !path.endsWith(".ts")) return {};
      const report = (node: Deno.lint.Node, what: string) =>
        context.report({
          node,
          message: `${what} has other bits on other machines: use data/elementary/mod.ts`,
          hint:
            "write x * x for a square; 2 to a literal whole number and powers of a bigint literal or BigInt(…) are exact",
        });
      const member = (node: Deno.lint.Node, key: Deno.lint.Node, computed: boolean) => {
        const name = key.type === "Literal" ? key.value : key.type === "Identifier" && !computed ? key.name : undefined;
        if (typeof name !== "string") report(node, "Math[…]");
        else if (/^[a-z]/.test(name) && !exact.includes(name)) report(node, `Math.${name}`);
      };
      return {
        MemberExpression(node) {
          if (node.object.type !== "Identifier" || node.object.name !== "Math") return;
          member(node, node.property, node.computed);
        },
        VariableDeclarator({ id, init }) {
          if (init?.type !== "Identifier" || init.name !== "Math") return;
          for (const property of id.type === "ObjectPattern" ? id.properties : []) {
            if (property.type === "Property") member(property, property.key, property.computed);
          }
        },
        BinaryExpression(node) {
          if (node.operator !== "**" || isBigInt(node.left) || isBigInt(node.right)) return;
          const isTwo = node.left.type === "Literal" && node.left.value === 2;
          if (!isTwo || !isWholeLiteral(node.right)) report(node, "**");
        },
        "AssignmentExpression[operator='**=']": (node: Deno.lint.Node) => report(node, "**="),
      };
    },
  },
  "pure-folders": {
    create(context) {
      if (!isPure(pathOf(context.filename))) return {};
      const report = (node: Deno.lint.Node, what: string) =>
        context.report({ node, message: `a pure file has no ${what}: move it behind a boundary file` });
      return {
        MemberExpression(node) {
          const name = named(node);
          if (/^(Deno|process|performance|localStorage)\./.test(name) || name === "Date.now") report(node, name);
        },
        NewExpression(node) {
          if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0) {
            report(node, "clock");
          }
        },
        CallExpression(node) {
          if (node.callee.type === "Identifier" && node.callee.name === "fetch") report(node, "fetch");
        },
        ImportDeclaration(node) {
          if (/^(effect(\/(Effect|Stream|Layer|Context))?|node:.*)$/.test(node.source.value)) {
            report(node, `import of "${node.source.value}"`);
          }
        },
        "Program > VariableDeclaration[kind='let']"(node: Deno.lint.Node) {
          report(node, "mutable state of its module");
        },
      };
    },
  },
  "failures-are-values": {
    create(context) {
      const path = pathOf(context.filename);
      if (!isSource(path) || isBoundary(path)) return {};
      const report = (node: Deno.lint.Node, what: string) =>
        context.report({
          node,
          message: `${what} outside of a boundary file`,
          hint: isPure(path)
            ? "return a value that says what is wrong"
            : "use Effect, or declare the file in .ci/lint_plugin.ts",
        });
      return {
        ThrowStatement: (node) => report(node, "throw"),
        TryStatement: (node) => report(node, "try"),
        "FunctionDeclaration[async=true]": (node: Deno.lint.Node) => report(node, "async"),
        "FunctionExpression[async=true]": (node: Deno.lint.Node) => report(node, "async"),
        "ArrowFunctionExpression[async=true]": (node: Deno.lint.Node) => report(node, "async"),
      };
    },
  },
  "file-names": {
    create(context) {
      return {
        Program(node) {
          const name = pathOf(context.filename).split("/").at(-1)?.replace(/(\.d)?\.tsx?$/, "") ?? "";
          if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
            context.report({ range: [node.range[0], node.range[0] + 1], message: `"${name}" is not snake_case` });
          }
          if (vague.includes(name)) {
            context.report({
              range: [node.range[0], node.range[0] + 1],
              message: `"${name}" says nothing: name the idea`,
            });
          }
        },
      };
    },
  },
  "file-size": {
    create(context) {
      const path = pathOf(context.filename);
      return {
        Program(node) {
          const lines = context.sourceCode.text.split("\n").length - 1;
          if (isSource(path) && lines > longest && !long.includes(path)) {
            context.report({
              range: [node.range[0], node.range[0] + 1],
              message: `${lines} lines, more than ${longest}: more than one idea?`,
            });
          }
        },
      };
    },
  },
};

const plugin: Deno.lint.Plugin = { name: "signum", rules };
export default plugin;
