/** What is shown must be well formed wherever it is there, although it need not be. */
import type { Needed } from "./record.ts";
import type { RecordSchema } from "./schema.ts";

/** The fields that must be there, and every other one of the record type that a record has. */
export const presentFields =
  <A>(noun: RecordSchema<A>, needs: ReadonlyArray<keyof A & string>): Needed<A> => (record) => {
    const there = noun.fields.filter(({ name, optional }) =>
      record[name] !== undefined && !(optional && record[name] === null)
    );
    return [...new Set([...needs, ...there.map(({ name }) => name)])];
  };
