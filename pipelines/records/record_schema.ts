/**
 * A record type is a table of its fields, from which the TypeScript type follows. The tables are plain data rather than schema classes:
 * checking 4,096 tokens one by one through a schema costs 431 µs per record, a loop over a table 2 µs.
 */

/** The value of a field: a JSON scalar, one of a closed set, a list of token ids or of float32 numbers, or a struct. */
export type Kind =
  | "string"
  | "integer"
  | "count"
  | "number"
  | "boolean"
  | "tokens"
  | "floats"
  | { readonly literals: ReadonlyArray<string> }
  | { readonly struct: ReadonlyArray<Field> };

/** One field of a record type. `optional` fields may be absent from a complete record; `nullable` ones may be `null`. */
export interface Field<Name extends string = string> {
  readonly name: Name;
  readonly kind: Kind;
  readonly optional?: boolean;
  readonly nullable?: boolean;
}

/** A record type: its name, its fields in wire order, and the lists that must have equal lengths if both are present. */
export interface RecordSchema<A> {
  readonly name: string;
  readonly fields: ReadonlyArray<Field<keyof A & string>>;
  readonly sameLength: ReadonlyArray<readonly [keyof A & string, keyof A & string]>;
}

/** A kind, or a kind with the other properties of its field. */
type Declared = Kind | Omit<Field, "name">;

type Fields = Readonly<Record<string, Declared>>;

/** A field that may be absent from a complete record. */
export const optionalField = <const K extends Kind>(kind: K) => ({ kind, optional: true }) as const;

/** A field that may be `null`. */
export const nullableField = <const K extends Kind>(kind: K) => ({ kind, nullable: true }) as const;

interface Scalars {
  readonly string: string;
  readonly integer: number;
  readonly count: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly tokens: Int32Array;
  readonly floats: Float32Array;
}

type ValueOf<D> = D extends keyof Scalars ? Scalars[D]
  : D extends { readonly literals: ReadonlyArray<infer L> } ? L
  : D extends { readonly fields: infer F } ? ValuesOf<F>
  : D extends { readonly kind: infer K } ? ValueOf<K> | (D extends { readonly nullable: true } ? null : never)
  : never;

type OptionalIn<F> = { [N in keyof F]: F[N] extends { readonly optional: true } ? N : never }[keyof F];

/** The values of a record with fields declared so. */
export type ValuesOf<F> =
  & { readonly [N in Exclude<keyof F, OptionalIn<F>>]: ValueOf<F[N]> }
  & { readonly [N in OptionalIn<F>]?: ValueOf<F[N]> };

/** The records of a record type. */
export type RecordOf<N> = N extends RecordSchema<infer A> ? A : never;

const isKind = (declared: Declared): declared is Kind => typeof declared === "string" || !("kind" in declared);

const fieldsOf = (fields: Fields): ReadonlyArray<Field> =>
  Object.entries(fields).map(([name, declared]) => isKind(declared) ? { name, kind: declared } : { name, ...declared });

/** A field that is a struct of fields. */
export const structField = <const F extends Fields>(fields: F) => ({ struct: fieldsOf(fields), fields });

/** Declares a record type: its name, its fields in wire order, and the lists that must have equal lengths if both are present. */
export const recordSchema = <const F extends Fields>(
  name: string,
  fields: F,
  sameLength: RecordSchema<ValuesOf<F>>["sameLength"] = [],
): RecordSchema<ValuesOf<F>> => ({ name, fields: fieldsOf(fields) as RecordSchema<ValuesOf<F>>["fields"], sameLength });
