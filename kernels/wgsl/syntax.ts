/** The syntax tree of WGSL from `parser.ts`, before name resolution and typing. */

/** An expression, or a type in places that expect one (`name` and `template` may be both). */
export type Expression =
  | { readonly kind: "number"; readonly text: string; readonly line: number }
  | { readonly kind: "name"; readonly name: string; readonly line: number }
  | {
    readonly kind: "template";
    readonly name: string;
    readonly args: ReadonlyArray<Expression>;
    readonly line: number;
  }
  | { readonly kind: "unary"; readonly operator: string; readonly of: Expression; readonly line: number }
  | {
    readonly kind: "binary";
    readonly operator: string;
    readonly left: Expression;
    readonly right: Expression;
    readonly line: number;
  }
  | { readonly kind: "index"; readonly of: Expression; readonly index: Expression; readonly line: number }
  | { readonly kind: "member"; readonly of: Expression; readonly name: string; readonly line: number }
  | {
    readonly kind: "call";
    readonly name: string;
    readonly templates: ReadonlyArray<Expression>;
    readonly args: ReadonlyArray<Expression>;
    readonly line: number;
  };

export type Statement =
  | {
    readonly kind: "declare";
    readonly how: "let" | "var" | "const";
    readonly name: string;
    readonly type: Expression | undefined;
    readonly value: Expression | undefined;
    readonly line: number;
  }
  | {
    readonly kind: "assign";
    /** Undefined for `_ = value`. */
    readonly to: Expression | undefined;
    /** `+` for `+=`; undefined for a plain assignment. */
    readonly operator: string | undefined;
    readonly value: Expression;
    readonly line: number;
  }
  | {
    readonly kind: "if";
    readonly condition: Expression;
    readonly then: Block;
    readonly otherwise: Block;
    readonly line: number;
  }
  | {
    readonly kind: "loop";
    readonly start: Block;
    readonly condition: Expression | undefined;
    readonly update: Block;
    readonly body: Block;
    readonly line: number;
  }
  | { readonly kind: "block"; readonly body: Block; readonly line: number }
  | { readonly kind: "return"; readonly value: Expression | undefined; readonly line: number }
  | { readonly kind: "break" | "continue"; readonly line: number }
  | { readonly kind: "call"; readonly call: Expression; readonly line: number };

export type Block = ReadonlyArray<Statement>;

/** `@name(args)`. */
export interface Attribute {
  readonly name: string;
  readonly args: ReadonlyArray<Expression>;
}

/** A parameter of a function or a field of a struct. */
export interface Named {
  readonly name: string;
  readonly type: Expression;
  readonly attributes: ReadonlyArray<Attribute>;
  readonly line: number;
}

export type Declaration =
  | { readonly kind: "enable"; readonly names: ReadonlyArray<string>; readonly line: number }
  | { readonly kind: "alias"; readonly name: string; readonly type: Expression; readonly line: number }
  | {
    readonly kind: "const";
    readonly name: string;
    readonly type: Expression | undefined;
    readonly value: Expression;
    readonly line: number;
  }
  | {
    readonly kind: "var";
    readonly name: string;
    readonly space: string;
    readonly access: string | undefined;
    readonly type: Expression;
    readonly attributes: ReadonlyArray<Attribute>;
    readonly line: number;
  }
  | { readonly kind: "struct"; readonly name: string; readonly fields: ReadonlyArray<Named>; readonly line: number }
  | {
    readonly kind: "fn";
    readonly name: string;
    readonly parameters: ReadonlyArray<Named>;
    readonly result: Expression | undefined;
    readonly body: Block;
    readonly attributes: ReadonlyArray<Attribute>;
    readonly line: number;
  };
