/** Writes statements as JavaScript. */
import type { Step } from "../../wgsl/program.ts";
import type { FunctionWriter } from "./function_writer.ts";
import { loadAccess, store } from "./accesses.ts";
import { exchangeTogether } from "./exchanges.ts";
import { kindsOf } from "./slots.ts";

/** The labels of the enclosing loops, innermost last. */
type Loops = ReadonlyArray<string>;

/** Writes statements; names that they declare live until the end of the enclosing scope. */
export const writeSteps = (writer: FunctionWriter, steps: ReadonlyArray<Step>, loops: Loops): void => {
  steps.forEach((step, i) => {
    exchangeTogether(writer, steps.slice(i));
    writeStep(writer, step, loops);
  });
};

const writeBlock = (writer: FunctionWriter, steps: ReadonlyArray<Step>, loops: Loops): void =>
  writer.lines.scoped(() => writeSteps(writer, steps, loops));

const writeStep = (writer: FunctionWriter, step: Step, loops: Loops): void => {
  const { lines } = writer;
  switch (step.op) {
    case "declare": {
      const { variable, value } = step;
      writer.declare(variable);
      const place = { op: "variable", variable, type: variable.type, line: step.line } as const;
      const array = writer.arrayOf(variable);
      return lines.scoped(() => {
        const given = value ?? { op: "zero" as const, type: variable.type, line: step.line };
        if (array !== undefined && given.op === "zero") {
          lines.add(`${array}.fill(${writer.value(given)[0]});`);
        } else writer.set(place, writer.value(given));
      });
    }
    case "assign":
      return lines.scoped(() => {
        const { to, operator, value } = step;
        if (operator === undefined) return writer.set(to, writer.value(value));
        const address = writer.addressed(to);
        const right = writer.kept(value);
        if (address === undefined) return writer.set(to, writer.operated(operator, writer.names(to), to.type, right));
        const old = loadAccess(writer, address, to.type, step.line);
        store(writer, address, to.type, writer.operated(operator, old, to.type, right), step.line);
      });
    case "if": {
      const condition = lines.scoped(() => writer.value(step.condition)[0]);
      lines.add(`if (${condition}) {`);
      writeBlock(writer, step.then, loops);
      if (step.otherwise.length > 0) {
        lines.add("} else {");
        writeBlock(writer, step.otherwise, loops);
      }
      return lines.add("}");
    }
    case "loop":
      return lines.scoped(() => {
        const label = writer.label();
        writeSteps(writer, step.start, loops);
        lines.add(`${label}: for (;;) {`);
        const { condition } = step;
        if (condition !== undefined) lines.add(`if (!${lines.scoped(() => writer.value(condition)[0])}) break;`);
        lines.add(`${label}_body: {`);
        writeBlock(writer, step.body, [...loops, label]);
        lines.add("}");
        writeBlock(writer, step.update, loops);
        lines.add("}");
      });
    case "block":
      return writeBlock(writer, step.body, loops);
    case "return":
      return lines.scoped(() => {
        const { value } = step;
        if (value === undefined) return lines.add("return;");
        const kinds = kindsOf(value.type);
        const slots = writer.kept(value);
        if (slots.length === 1) return lines.add(`return ${slots[0]};`);
        slots.forEach((slot, i) => lines.add(`returned[${i}] = ${kinds[i] === "bool" ? `+${slot}` : slot};`));
        lines.add("return;");
      });
    case "break":
      return lines.add(`break ${loops.at(-1)};`);
    case "continue":
      return lines.add(`break ${loops.at(-1)}_body;`);
    case "evaluate":
      return lines.scoped(() => void writer.value(step.value));
  }
};
