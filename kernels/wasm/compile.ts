/**
 * Compiles a WGSL compute shader to a WebAssembly module. Its function `run(command, first, end)` runs workgroups `first` to `end` of a dispatch,
 * one invocation after the other, so results depend only on the dispatch. A kernel with barriers must have workgroups of one invocation:
 * parallelism comes from `vec4f` (SIMD) and from threads, which share the workgroups.
 */
import { call, type Code, globalGet, i32Const, i64Const, instruction, load, localGet, localSet } from "./assembler.ts";
import { bindingAt, groupsAt, lengthAt, uniformAt, zeroAt } from "./command.ts";
import { closingAt } from "./control.ts";
import { Frame, type Label } from "./frame.ts";
import { Lowering } from "./lower.ts";
import type { Surroundings } from "./lower_expressions.ts";
import mathSource from "./math.wgsl" with { type: "text" };
import { hoistedWords, moduleBytes, settled } from "./module_bytes.ts";
import { type MemoryPlace, type Place, readPlace, Scratch } from "./places.ts";
import { apply, ofCode, ofLocal, type Single, type Value, whole } from "./values.ts";
import type { FunctionBody, Program, Variable } from "../wgsl/program.ts";
import { resolve, resolveFunctions } from "../wgsl/resolve.ts";
import { strideOf } from "../wgsl/types.ts";
import { WgslError } from "../wgsl/wgsl_error.ts";

export interface CompiledKernel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes that each thread needs for workgroup variables and local arrays. */
  readonly scratchBytes: number;
  readonly bindings: number;
  /** Descriptions of the checked accesses, by the number passed to `fault`. */
  readonly sites: ReadonlyArray<string>;
}

/** Whether every access is checked, and the most pages of the memory. */
export interface CompileOptions {
  readonly checked: boolean;
  readonly pages: number;
}

let mathFunctions: ReadonlyMap<string, FunctionBody> | undefined;

/** Compiles the compute function `entry` of WGSL text; throws a `WgslError` for anything unsupported. */
export const compileKernel = (text: string, entry: string, { checked, pages }: CompileOptions): CompiledKernel => {
  const program = resolve(text, entry);
  const frame = new Frame(3);
  const scratch = new Scratch();
  const sites: string[] = [];
  const places = new Map<Variable, Place>();
  const scratchAddress = frame.local("i64");
  frame.emit(globalGet(0), localSet(scratchAddress));
  for (const variable of program.workgroup) {
    places.set(variable, scratch.place(variable.name, variable.type, localGet(scratchAddress)));
  }
  for (const variable of program.bindings) places.set(variable, bindingPlace(frame, variable, checked));
  const around: Surroundings = {
    places,
    scratch,
    scratchAddress: localGet(scratchAddress),
    alone: program.workgroupSize.every((size) => size === 1),
    math: mathFunctions ??= resolveFunctions(mathSource),
    ...(checked
      ? {
        check: (frame: Frame, index: Single, length: Single, name: string, line: number) => {
          sites.push(`"${name}" at line ${line}`);
          frame.when(
            apply("i32", "i32.ge_u", index, length).code,
            () => frame.emit(i32Const(sites.length - 1), index.code, call(0), instruction("unreachable")),
          );
        },
      }
      : {}),
  };
  const lowering = new Lowering(frame, around);
  eachInvocation(frame, program, places, (done) => lowering.entry(program.entry.body, done));
  return {
    bytes: moduleBytes({ ...withConstants(frame), pages }),
    scratchBytes: scratch.bytes,
    bindings: program.bindings.length,
    sites,
  };
};

/** A function's code with constant vectors loaded into locals first. They are computed from a zero in the command, so that V8 cannot fold them. */
const withConstants = (frame: Frame): { readonly locals: Frame["locals"]; readonly body: Code } => {
  const body = frame.code;
  const zero = frame.local("i32");
  const locals = new Map(hoistedWords(body).map((word) => [word, frame.local("v128")]));
  const constants = [...locals].map(([word, local]): Code => [
    localGet(zero),
    i32Const(word),
    instruction("i32.xor"),
    instruction("i32x4.splat"),
    localSet(local),
  ]);
  return {
    locals: frame.locals,
    body: [command(zeroAt, "i32"), localSet(zero), constants, settled(body, (word) => localGet(locals.get(word)!))],
  };
};

const command = (offset: number, type: "i32" | "i64"): Code => [
  localGet(0),
  instruction("i64.extend_i32_u"),
  load(type, offset),
];

/** The place of a binding: its address is read from the command. Uniforms are read into locals at once. */
const bindingPlace = (frame: Frame, variable: Variable, checked: boolean): Place => {
  const { name, type, space } = variable;
  const binding = variable.binding!;
  const address = frame.local("i64");
  frame.emit(command(space === "uniform" ? uniformAt : bindingAt(binding), "i64"), localSet(address));
  const place: MemoryPlace = { kind: "memory", type, address: localGet(address), offset: 0, name };
  if (space === "uniform") return { kind: "local", type, slots: frame.copied(readPlace(frame, place)) };
  if (!checked || type.kind !== "array") return place;
  const length = frame.local("i32");
  frame.emit(
    command(lengthAt(binding), "i32"),
    i32Const(strideOf(type.of)),
    instruction("i32.div_u"),
    localSet(length),
  );
  return { ...place, length };
};

/** Writes the loops over workgroups and invocations; `body` writes one invocation, which returns by branching to the label. */
const eachInvocation = (
  frame: Frame,
  program: Program,
  places: Map<Variable, Place>,
  body: (done: Label) => void,
): void => {
  const { entry, workgroupSize } = program;
  const [sizeX, sizeY, sizeZ] = workgroupSize;
  const size = sizeX * sizeY * sizeZ;
  const local = () => ofLocal("i32", frame.local("i32"));
  const counts = [0, 1, 2].map((axis) => {
    const count = local();
    frame.emit(command(groupsAt + 4 * axis, "i32"), localSet(count.local!));
    return count;
  });
  const index = ofLocal("i32", 1);
  const end = ofLocal("i32", 2);
  const group = [local(), local(), local()];
  const lane = size === 1 ? whole(0) : local();
  const along = [
    sizeY * sizeZ === 1 ? lane : apply("i32", "i32.rem_u", lane, whole(sizeX)),
    sizeY * sizeZ === 1
      ? whole(0)
      : apply("i32", "i32.rem_u", apply("i32", "i32.div_u", lane, whole(sizeX)), whole(sizeY)),
    sizeZ === 1 ? whole(0) : apply("i32", "i32.div_u", lane, whole(sizeX * sizeY)),
  ];
  const inputs: Readonly<Record<string, () => Value>> = {
    workgroup_id: () => group,
    num_workgroups: () => counts,
    local_invocation_index: () => lane,
    local_invocation_id: () => frame.copied(along),
    global_invocation_id: () =>
      frame.copied(
        group.map((id, axis) =>
          apply("i32", "i32.add", apply("i32", "i32.mul", id, whole(workgroupSize[axis])), along[axis])
        ),
      ),
  };
  const invocation = () => {
    for (const variable of entry.parameters) {
      const input = inputs[variable.builtin ?? ""];
      if (input === undefined) {
        throw new WgslError(`"${variable.builtin ?? variable.name}" is not understood here`, entry.body[0]?.line ?? 1);
      }
      places.set(variable, { kind: "local", type: variable.type, slots: input() });
    }
    const done: Label = { depth: 0 };
    frame.block(done, () => body(done));
  };
  const set = (slot: Single, value: Single) => frame.set(slot, value);
  counted(frame, index, end, () => {
    const row = apply("i32", "i32.div_u", index, counts[0]);
    set(group[0], apply("i32", "i32.rem_u", index, counts[0]));
    set(group[1], apply("i32", "i32.rem_u", row, counts[1]));
    set(group[2], apply("i32", "i32.div_u", row, counts[1]));
    if (size === 1) return invocation();
    if (usesBarriers(program)) {
      throw new WgslError(`"${entry.name}" has barriers, so its workgroups must have one invocation, not ${size}`, 1);
    }
    set(lane, whole(0));
    counted(frame, lane, whole(size), invocation);
  }, isOpen);
};

/** Whether the device is open. A thread cannot be stopped from outside, so each checks after every workgroup. */
const isOpen = ofCode("i32", [i64Const(4 * closingAt), load("i32", 0), instruction("i32.eqz")]);

/** A loop while `index` is below `end` and `more` holds. */
const counted = (frame: Frame, index: Single, end: Single, body: () => void, more?: Single): void => {
  const [done, again]: Label[] = [{ depth: 0 }, { depth: 0 }];
  frame.block(done, () => {
    frame.branchIf(done, apply("i32", "i32.ge_u", index, end).code);
    frame.loop(again, () => {
      body();
      frame.set(index, apply("i32", "i32.add", index, whole(1)));
      const isBelow = apply("i32", "i32.lt_u", index, end);
      frame.branchIf(again, (more === undefined ? isBelow : apply("i32", "i32.and", isBelow, more)).code);
    });
  });
};

const usesBarriers = (program: Program): boolean => program.workgroup.length > 0;
