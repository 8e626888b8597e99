/** Optional fields that are present must be valid. */
import type { Needed } from "./record.ts";
import type { RecordSchema } from "./schema.ts";

/** The required fields, and every other field of the record type that a record has. */
export const presentFields =
  <A>(noun: RecordSchema<A>, needs: ReadonlyArray<keyof A & string>): Needed<A> => (record) => {
    const there = noun.fields.filter(({ name, optional }) =>
      record[name] !== undefined && !(optional && record[name] === null)
    );
    return [...new Set([...needs, ...there.map(({ name }) => name)])];
  };
