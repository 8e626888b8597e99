/**
 * Fibers without a resource of `node:async_hooks`. Effect 4.1 makes one for each fiber where the module is there, and Deno 2.9 never frees them
 * where fibers wake each other: a server kept 600 bytes an answer. Nothing here reads an `AsyncLocalStorage`. The entry point imports this file
 * before it imports Effect, which looks for the module once.
 */
import process from "node:process";

const { getBuiltinModule } = process;

/** The modules of Node, but for that one. */
const withoutAsyncHooks = (name: string): object | undefined =>
  name === "node:async_hooks" ? undefined : getBuiltinModule(name);

Object.assign(process, { getBuiltinModule: withoutAsyncHooks });
