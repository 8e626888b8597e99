/** A kernel on the emulated card: compiled, checked against the card's limits, and run one workgroup after the other. */
import type { Program } from "../../wgsl/program.ts";
import { resolve } from "../../wgsl/resolve.ts";
import { byteSize, strideOf } from "../../wgsl/types.ts";
import type { AccessLog } from "./access_log.ts";
import { arithmetic } from "./arithmetic.ts";
import type { CardLimits } from "./card_limits.ts";
import { CheckedAccess } from "./checked_access.ts";
import { stop } from "./fault.ts";
import { generate } from "./generate.ts";
import { loadMatrix, multiplyMatrices, storeMatrix } from "./matrix_operations.ts";
import { type Bytes, Memory } from "./memory.ts";
import type { CodeOptions } from "./module_writer.ts";
import { leastBytes, unitOf } from "./slots.ts";
import { subgroupFunctions } from "./subgroup.ts";
import { type Invocation, type Operations, Workgroup } from "./workgroup.ts";

export interface Part {
  readonly buffer: Bytes;
  readonly offset: number;
  readonly size: number;
  /** Whether the kernel may write it. */
  readonly isWritable: boolean;
}

/** The functions of a generated module. */
interface GeneratedModule {
  readonly bind: (memory: ReadonlyArray<Memory>) => void;
  readonly begin: (x: number, y: number, z: number, X: number, Y: number, Z: number) => void;
  readonly main: Invocation;
  readonly operations: Operations;
}

/** Bytes of all workgroup variables, each aligned to 16 bytes. */
const workgroupBytes = (program: Program): number =>
  program.workgroup.reduce((sum, { type }) => sum + Math.ceil(byteSize(type) / 16) * 16, 0);

export class EmulatedKernel {
  readonly #program: Program;
  readonly #module: GeneratedModule;
  readonly #checks: CheckedAccess;
  readonly #workgroup: Workgroup;

  constructor(
    readonly label: string,
    code: string,
    entry: string,
    options: CodeOptions,
    readonly limits: CardLimits,
    readonly log: AccessLog,
  ) {
    const program = resolve(code, entry);
    const [x, y, z] = program.workgroupSize;
    const size = x * y * z;
    this.#program = program;
    this.#hold("invocations of a workgroup", size, limits.maxComputeInvocationsPerWorkgroup);
    this.#hold("invocations of a workgroup in x", x, limits.maxComputeWorkgroupSizeX);
    this.#hold("bytes of workgroup memory", workgroupBytes(program), limits.maxComputeWorkgroupStorageSize);
    const storage = program.bindings.filter(({ space }) => space === "storage").length;
    this.#hold("storage buffers", storage, limits.maxStorageBuffersPerShaderStage);
    for (const name of program.enabled) {
      if (!limits.extensions.includes(name)) stop(`Kernel "${label}" needs "${name}", which the card has not`);
    }
    const generated = generate(program, options);
    const subgroups = Math.ceil(size / options.lanes);
    const workgroup = program.workgroup.map(({ name, type }) => Memory.workgroup(name, byteSize(type), unitOf(type)));
    this.#checks = new CheckedAccess(label, size, subgroups, log, workgroup);
    const runtime = {
      ...arithmetic,
      ...subgroupFunctions,
      ...this.#checks,
      checks: this.#checks,
      workgroup,
      loadMatrix,
      storeMatrix,
      multiplyMatrices,
    };
    this.#module = new Function("runtime", generated.text)(runtime);
    this.#workgroup = new Workgroup(generated, this.#module.main, this.#module.operations, this.#checks, options.lanes);
    if (generated.sites.some((site) => site?.name.startsWith("subgroupMatrix")) && x % options.lanes !== 0) {
      stop(`Kernel "${label}": matrices need workgroups of whole subgroups in x, not ${x}`);
    }
  }

  /** Runs X·Y·Z workgroups; `parts` are in binding order. */
  run(parts: ReadonlyArray<Part>, [X, Y, Z]: readonly [number, number, number]): void {
    this.#hold("workgroups in one dimension", Math.max(X, Y, Z), this.limits.maxComputeWorkgroupsPerDimension);
    const { bindings } = this.#program;
    if (parts.length !== bindings.length) {
      stop(`Kernel "${this.label}" has ${bindings.length} bindings, found ${parts.length}`);
    }
    this.#holdApart(parts);
    this.log.begin();
    this.#module.bind(bindings.map((variable, i) => this.#bound(variable, parts[i])));
    for (let z = 0; z < Z; z++) {
      for (let y = 0; y < Y; y++) {
        for (let x = 0; x < X; x++) {
          this.#module.begin(x, y, z, X, Y, Z);
          this.#checks.begin(x, y, z);
          this.#workgroup.run();
        }
      }
    }
  }

  /** Refuses written parts that overlap, and a buffer bound both for reading and for writing. */
  #holdApart(parts: ReadonlyArray<Part>): void {
    parts.forEach((one, i) => {
      for (const other of parts.slice(0, i)) {
        const overlaps = one.offset < other.offset + other.size && other.offset < one.offset + one.size;
        const conflicts = one.isWritable && other.isWritable ? overlaps : one.isWritable || other.isWritable;
        if (one.buffer === other.buffer && conflicts) {
          stop(
            `Kernel "${this.label}" is bound to one buffer twice, once to write it: as binding ${
              parts.indexOf(other)
            } and ${i}`,
          );
        }
      }
    });
  }

  #bound({ name, type, space, writable = false }: Program["bindings"][number], part: Part): Memory {
    const { buffer, offset, size, isWritable } = part;
    if (space === "storage" && isWritable !== writable) {
      stop(
        `Kernel "${this.label}": binding "${name}" is declared ${
          writable ? "writable" : "to be read"
        }, its layout says otherwise`,
      );
    }
    const limit = space === "uniform"
      ? this.limits.maxUniformBufferBindingSize
      : this.limits.maxStorageBufferBindingSize;
    this.#hold(`bytes of binding "${name}"`, size, limit);
    if (size < leastBytes(type)) {
      stop(`Kernel "${this.label}": binding "${name}" has ${size} bytes, fewer than its type`);
    }
    const memory = Memory.bound(
      name,
      space === "uniform" ? "uniform" : "storage",
      writable,
      unitOf(type),
      buffer,
      offset,
      size,
    );
    if (memory.accesses !== undefined) this.log.renew(memory.accesses);
    if (type.kind === "array" && type.size === undefined) memory.counted = Math.floor(size / strideOf(type.of));
    return memory;
  }

  #hold(what: string, count: number, limit: number): void {
    if (count > limit) stop(`Kernel "${this.label}" has ${count} ${what}, the card at most ${limit}`);
  }
}
