import { JsonataError } from '../error.ts';
import { parseSignature } from '../signature.ts';
import type { Raw, RawPair, RawTerm } from './raw.ts';
import { createTokenizer, type Token } from './tokens.ts';

/** Binds tighter the higher it is; tokens that are not here end an expression. */
const bindingPowers: Readonly<Record<string, number>> = {
  __proto__: null as never,
  '[': 80,
  '(': 80,
  '@': 80,
  '#': 80,
  '.': 75,
  '{': 70,
  '*': 60,
  '/': 60,
  '%': 60,
  '+': 50,
  '-': 50,
  '&': 50,
  '=': 40,
  '!=': 40,
  '<': 40,
  '<=': 40,
  '>': 40,
  '>=': 40,
  '^': 40,
  '~>': 40,
  '?:': 40,
  '??': 40,
  in: 40,
  and: 30,
  or: 25,
  '?': 20,
  ':=': 10,
};

const deepestNesting = 250;

/** Parses by operator precedence (Pratt); throws `JsonataError` S…. */
export function parseRaw(text: string): Raw {
  const parser = new Parser(text);
  const tree = parser.expression(0);
  const { token } = parser;
  if (token.type !== 'end')
    throw new JsonataError('S0201', `Syntax error: ${shown(token)}`, token.position, shown(token));
  return tree;
}

class Parser {
  token: Token;
  readonly #next: (expectsOperand: boolean) => Token;
  #nesting = 0;

  constructor(text: string) {
    this.#next = createTokenizer(text);
    this.token = this.#read(true);
  }

  expression(minimum: number): Raw {
    this.#nesting += 1;
    if (this.#nesting > deepestNesting) {
      throw new JsonataError(
        'S0201',
        `The expression is nested deeper than ${deepestNesting} levels`,
        this.token.position,
      );
    }
    let token = this.token;
    this.#advance(false);
    let left = this.#prefix(token);
    while (minimum < this.#bindingPower()) {
      token = this.token;
      this.#advance(true);
      left = this.#infix(token, left);
    }
    this.#nesting -= 1;
    return left;
  }

  #bindingPower(): number {
    return this.token.type === 'operator' ? (bindingPowers[this.token.value] ?? 0) : 0;
  }

  #prefix(token: Token): Raw {
    const { position } = token;
    if (token.type !== 'operator') return { ...token };
    switch (token.value) {
      case 'and':
      case 'or':
      case 'in':
        return { ...token };
      case '-':
        return { type: 'negation', expression: this.expression(70), position };
      case '*':
        return { type: 'wildcard', position };
      case '**':
        return { type: 'descendant', position };
      case '%':
        return { type: 'parent', position };
      case '(':
        return { type: 'block', expressions: this.#block(), position };
      case '[':
        return { type: 'array', expressions: this.#array(), position };
      case '{':
        return { type: 'object', pairs: this.#pairs(), position };
      case '|':
        return this.#transform(position);
      default:
        throw new JsonataError('S0211', `${token.value} cannot stand before a value`, position, token.value);
    }
  }

  #infix(token: Token, left: Raw): Raw {
    const { position } = token;
    const operator = token.type === 'operator' ? token.value : '';
    switch (operator) {
      case '[':
        return this.#filter(left, position);
      case '(':
        return this.#call(left, position);
      case '{':
        return { type: 'group', lhs: left, pairs: this.#pairs(), position };
      case '^':
        return { type: 'sort', lhs: left, terms: this.#terms(), position };
      case '@':
        return { type: 'focus', lhs: left, name: this.#boundName('@'), position };
      case '#':
        return { type: 'index', lhs: left, name: this.#boundName('#'), position };
      case ':=':
        if (left.type !== 'variable') {
          throw new JsonataError('S0212', 'The left side of := is not a variable', left.position);
        }
        return { type: 'bind', name: left, rhs: this.expression(9), position };
      case '?': {
        const whenTrue = this.expression(0);
        const isElse = this.#sees(':');
        if (isElse) this.#advance(true);
        const whenFalse = isElse ? this.expression(0) : undefined;
        return { type: 'condition', condition: left, whenTrue, whenFalse, position };
      }
      case '?:':
        return { type: 'default', lhs: left, rhs: this.expression(0), position };
      case '??':
        return { type: 'coalesce', lhs: left, rhs: this.expression(0), position };
      default:
        return {
          type: 'binary',
          value: operator,
          lhs: left,
          rhs: this.expression(bindingPowers[operator] ?? 0),
          position,
        };
    }
  }

  #block(): Raw[] {
    const expressions: Raw[] = [];
    while (!this.#sees(')')) {
      expressions.push(this.expression(0));
      if (!this.#sees(';')) break;
      this.#advance(true);
    }
    this.#expect(')', false);
    return expressions;
  }

  #array(): Raw[] {
    const items = this.#list(']', (): Raw => {
      const item = this.expression(0);
      if (!this.#sees('..')) return item;
      const { position } = this.token;
      this.#advance(true);
      return { type: 'binary', value: '..', lhs: item, rhs: this.expression(0), position };
    });
    this.#expect(']', false);
    return items;
  }

  #pairs(): RawPair[] {
    const pairs = this.#list('}', (): RawPair => {
      const key = this.expression(0);
      this.#expect(':', true);
      return [key, this.expression(0)];
    });
    this.#expect('}', false);
    return pairs;
  }

  #terms(): RawTerm[] {
    this.#expect('(', true);
    const terms = this.#list(undefined, (): RawTerm => {
      const descending = this.#sees('>');
      if (descending || this.#sees('<')) this.#advance(true);
      return { descending, expression: this.expression(0) };
    });
    this.#expect(')', true);
    return terms;
  }

  #transform(position: number): Raw {
    const pattern = this.expression(0);
    this.#expect('|', true);
    const update = this.expression(0);
    const isDeletion = this.#sees(',');
    if (isDeletion) this.#advance(true);
    const deletion = isDeletion ? this.expression(0) : undefined;
    this.#expect('|', true);
    return { type: 'transform', pattern, update, delete: deletion, position };
  }

  #filter(left: Raw, position: number): Raw {
    if (this.#sees(']')) {
      let step = left;
      while (step.type === 'filter') step = step.lhs;
      step.keepArray = true;
      this.#advance(true);
      return left;
    }
    const rhs = this.expression(0);
    this.#expect(']', false);
    return { type: 'filter', lhs: left, rhs, position };
  }

  #call(procedure: Raw, position: number): Raw {
    let isPartial = false;
    const args = this.#list(')', (): Raw => {
      if (!this.#sees('?')) return this.expression(0);
      isPartial = true;
      const placeholder = this.token;
      this.#advance(true);
      return { ...placeholder };
    });
    this.#expect(')', false);
    const isLambda = procedure.type === 'name' && (procedure.value === 'function' || procedure.value === 'λ');
    if (isLambda) return this.#lambda(args, position);
    return { type: isPartial ? 'partial' : 'call', procedure, arguments: args, position };
  }

  #lambda(args: readonly Raw[], position: number): Raw {
    const parameters = args.map((arg) => {
      if (arg.type === 'variable') return arg.value;
      throw new JsonataError('S0208', 'A parameter of the function is not a variable', arg.position);
    });
    const signature = this.#sees('<') ? this.#signature() : undefined;
    this.#expect('{', true);
    const body = this.expression(0);
    this.#expect('}', true);
    return { type: 'lambda', parameters, signature, body, position };
  }

  #signature(): string {
    const start = this.token.position;
    let text = '<';
    for (let depth = 1; depth > 0 && !this.#sees('{') && this.token.type !== 'end';) {
      this.#advance(true);
      if (this.#sees('>')) depth -= 1;
      if (this.#sees('<')) depth += 1;
      text += shown(this.token);
    }
    this.#expect('>', true);
    try {
      parseSignature(text);
    } catch (error) {
      if (error instanceof JsonataError) error.position = start + (error.position ?? 0);
      throw error;
    }
    return text;
  }

  #boundName(operator: string): string {
    const name = this.expression(80);
    if (name.type === 'variable') return name.value;
    throw new JsonataError('S0214', `The right side of ${operator} is not a variable`, name.position, operator);
  }

  /** Items with commas between them; none where `closing` follows at once. */
  #list<Item>(closing: string | undefined, readItem: () => Item): Item[] {
    const items: Item[] = [];
    if (closing !== undefined && this.#sees(closing)) return items;
    for (;;) {
      items.push(readItem());
      if (!this.#sees(',')) return items;
      this.#advance(true);
    }
  }

  #sees(operator: string): boolean {
    return this.token.type === 'operator' && this.token.value === operator;
  }

  #expect(operator: string, expectsOperand: boolean): void {
    const { token } = this;
    if (token.type === 'end') {
      throw new JsonataError('S0203', `Expected ${operator} before the end of the expression`, token.position);
    }
    if (!this.#sees(operator)) {
      throw new JsonataError('S0202', `Expected ${operator}, found ${shown(token)}`, token.position, shown(token));
    }
    this.#advance(expectsOperand);
  }

  #advance(expectsOperand: boolean): void {
    this.token = this.#read(expectsOperand);
  }

  #read(expectsOperand: boolean): Token {
    const token = this.#next(expectsOperand);
    // Both end a name, and mean nothing alone.
    if (token.type === 'operator' && (token.value === '!' || token.value === '~')) {
      throw new JsonataError('S0204', `There is no operator ${token.value}`, token.position, token.value);
    }
    return token;
  }
}

function shown(token: Token): string {
  return token.type === 'regex' ? `/${token.value.source}/` : String(token.value).slice(0, 40);
}
