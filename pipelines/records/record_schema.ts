/**
 * What a record type is: a table of its fields, from which the type of its records follows. The tables are plain data rather than schema classes
 * because checking 4,096 tokens one by one through a schema costs 431 µs a record, and a loop over a table 2 µs.
 */

/** What a field holds: one JSON scalar, one of a closed set, a list of token ids or of float32 numbers, or a struct. */
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

/** One field of a record type; `optional` fields may be absent from a complete record, `nullable` ones may be `null`. */
export interface Field<Name extends string = string> {
  readonly name: Name;
  readonly kind: Kind;
  readonly optional?: boolean;
  readonly nullable?: boolean;
}

/** A kind of record: its name, its fields in wire order, and the lists that must agree in length when both are there. */
export interface RecordSchema<A> {
  readonly name: string;
  readonly fields: ReadonlyArray<Field<keyof A & string>>;
  readonly sameLength: ReadonlyArray<readonly [keyof A & string, keyof A & string]>;
}

/** A kind, or a kind with what else is said of its field. */
type Declared = Kind | Omit<Field, "name">;

/** Fields by name, in wire order. */
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

/** What a record holds whose fields are declared so. */
export type ValuesOf<F> =
  & { readonly [N in Exclude<keyof F, OptionalIn<F>>]: ValueOf<F[N]> }
  & { readonly [N in OptionalIn<F>]?: ValueOf<F[N]> };

/** The records of a record type. */
export type RecordOf<N> = N extends RecordSchema<infer A> ? A : never;

const isKind = (declared: Declared): declared is Kind => typeof declared === "string" || !("kind" in declared);

const fieldsOf = (fields: Fields): ReadonlyArray<Field> =>
  Object.entries(fields).map(([name, declared]) => isKind(declared) ? { name, kind: declared } : { name, ...declared });

/** A field that holds fields. */
export const structField = <const F extends Fields>(fields: F) => ({ struct: fieldsOf(fields), fields });

/** Declares a record type: its name, its fields in wire order, and the lists that must agree in length when both are there. */
export const recordSchema = <const F extends Fields>(
  name: string,
  fields: F,
  sameLength: RecordSchema<ValuesOf<F>>["sameLength"] = [],
): RecordSchema<ValuesOf<F>> => ({ name, fields: fieldsOf(fields) as RecordSchema<ValuesOf<F>>["fields"], sameLength });
