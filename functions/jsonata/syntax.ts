/** The syntax tree of an expression, as JSONata's parser leaves it after it has put paths together. */
export type Ast =
  | (Base & { type: 'path'; steps: Ast[]; keepSingletonArray?: boolean })
  | (Base & { type: 'binary'; value: string; lhs: Ast; rhs: Ast })
  | (Base & { type: 'unary'; value: '-'; expression: Ast })
  | (Base & { type: 'unary'; value: '['; expressions: Ast[] })
  | (Base & { type: 'unary'; value: '{'; lhs: Pair[] })
  | (Base & { type: 'name'; value: string })
  | (Base & { type: 'string' | 'number' | 'value'; value: string | number | boolean | null })
  | (Base & { type: 'wildcard' | 'descendant' })
  | (Base & { type: 'parent'; slot: ParentSlot })
  | (Base & { type: 'condition'; condition: Ast; whenTrue: Ast; whenFalse?: Ast })
  | (Base & { type: 'block'; expressions: Ast[] })
  | (Base & { type: 'bind'; lhs: Ast; rhs: Ast })
  | (Base & { type: 'apply'; lhs: Ast; rhs: Ast })
  | (Base & { type: 'regex'; value: RegexLiteral })
  | (Base & { type: 'function' | 'partial'; procedure: Ast; arguments: Ast[] })
  | (Base & { type: 'variable'; value: string })
  | (Base & { type: 'operator'; value: string })
  | (Base & {
      type: 'lambda';
      arguments: { value: string }[];
      body: Ast;
      signature?: { definition: string };
      thunk?: boolean;
    })
  | (Base & { type: 'sort'; terms: { descending: boolean; expression: Ast }[] })
  | (Base & { type: 'transform'; pattern: Ast; update: Ast; delete?: Ast });

export interface RegexLiteral {
  readonly source: string;
  readonly flags: string;
}

export type Pair = [key: Ast, value: Ast];

/** A parent (`%`) on the way to its step, and in the end the variable that holds it, which no expression can write. */
export interface ParentSlot {
  label: string;
  /** How many steps there still are to go back. */
  level: number;
}

interface Base {
  position?: number;
  /** Filters behind anything but the step of a path. */
  predicate?: Stage[];
  /** Filters and position variables behind a step. */
  stages?: Stage[];
  group?: Group;
  /** `[]` stood behind it. */
  keepArray?: boolean;
  /** An array constructor that is a step. */
  consarray?: boolean;
  /** The step, or the path, carries variables along. */
  tuple?: boolean;
  /** `@$name` */
  focus?: string;
  /** `#$name` */
  index?: string;
  ancestor?: ParentSlot;
  /** Parents inside that look for their step further out. */
  seekingParent?: ParentSlot[];
}

export type Stage =
  | { type: 'filter'; expr: Ast; position?: number }
  | { type: 'index'; value: string; position?: number };

export interface Group {
  lhs: Pair[];
  position?: number;
}
