import type { Value } from './value.ts';

/** The syntax tree of CloudEvents SQL 1.0. `column` is 1-based, in UTF-16 units. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'exists'; readonly name: string }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'logic'; readonly operator: LogicOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'equality'; readonly negated: boolean; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'order'; readonly operator: OrderOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'math'; readonly operator: MathOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'like'; readonly operand: Expression; readonly pattern: string; readonly negated: boolean }
  | {
      readonly kind: 'in';
      readonly operand: Expression;
      readonly set: readonly Expression[];
      readonly negated: boolean;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly column: number };

export type LogicOperator = 'AND' | 'OR' | 'XOR';
export type OrderOperator = '<' | '<=' | '>' | '>=';
export type MathOperator = '*' | '/' | '%' | '+' | '-';
