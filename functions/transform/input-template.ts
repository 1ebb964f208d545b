import { TulleError } from '../../event/error.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import { isObject, type JsonObject } from './json-value.ts';
import { isJson, joinBounded, type Rendered } from './rendered.ts';

/** EventBridge's InputTransformer. `strict`: what EventBridge would silently never deliver is an error. */
export interface InputTemplateSpec {
  /** Names to JSONPaths. */
  readonly inputPathsMap?: Readonly<Record<string, string>>;
  /** With `<name>`; JSON, or text in double quotes. */
  readonly inputTemplate: string;
  readonly strict: boolean;
}

/** What the names that EventBridge reserves stand for. */
export interface Reserved {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** ISO 8601. */
  readonly ingestionTime: string;
}

/**
 * Fills the template for one event in EventBridge's envelope; `undefined` for what EventBridge never delivers.
 * `others` is where a path is looked up that leads to nothing in the envelope.
 */
export type RenderInput = (envelope: JsonObject, reserved: Reserved, others?: JsonObject) => Rendered | undefined;

/**
 * Compiles an input template by the rules of EventBridge's user guide ("Amazon EventBridge input transformation") and
 * what was recorded of it: JSON where the template does not begin with a quote, otherwise quoted text. In JSON a
 * variable outside of quotes is a JSON value, inside it is spliced as it is; in text objects and lists lose their quotes.
 * @throws TulleError `step_invalid`
 */
export function compileInputTemplate({ inputPathsMap = {}, inputTemplate, strict }: InputTemplateSpec): RenderInput {
  const paths = new Map(Object.entries(inputPathsMap).map(([name, path]) => [name, parsePath(name, path)]));
  const pieces = split(inputTemplate);
  const kind = /^\s*"/.test(inputTemplate) ? 'text' : 'json';
  checkVariables(pieces, paths);
  if (kind === 'json') checkNames(pieces);
  const isPossible = kind === 'text' ? quotedText.test(inputTemplate) : isJson(pieces.map(sample).join(''));
  if (strict && !isPossible) throw impossible(kind);
  if (strict) checkEvents(pieces, kind);
  if (!isPossible) return () => undefined;

  const write = writerOf(kind, strict);
  function* fill(envelope: JsonObject, reserved: Reserved, others?: JsonObject): Generator<string> {
    for (const piece of pieces) {
      if (typeof piece === 'string') yield piece;
      else if (isReserved(piece.name)) yield write(piece, reservedValues[piece.name](envelope, reserved));
      else yield write(piece, lookUp(paths.get(piece.name), envelope, others));
    }
  }
  return (envelope, reserved, others) => {
    const text = joinBounded(fill(envelope, reserved, others), '/inputTemplate');
    if (kind === 'text' || isJson(text)) return { kind, text };
    if (strict) throw failure('The filled template is not valid JSON', 'Put variables where JSON takes a value.');
    return undefined;
  };
}

interface Variable {
  readonly name: string;
  readonly quoted: boolean;
}

type Piece = string | Variable;

/** One line of text in double quotes, or several. */
const quotedText = /^\s*(?:"(?:[^"\\]|\\.)*"\s*)+$/s;

const reservedValues = {
  'aws.events.rule-arn': (_envelope: JsonObject, { ruleArn }: Reserved): unknown => ruleArn,
  'aws.events.rule-name': (_envelope: JsonObject, { ruleName }: Reserved): unknown => ruleName,
  'aws.events.event.ingestion-time': (_envelope: JsonObject, { ingestionTime }: Reserved): unknown => ingestionTime,
  'aws.events.event': (envelope: JsonObject): unknown => withoutDetail(envelope),
  'aws.events.event.json': (envelope: JsonObject): unknown => envelope,
};

function isReserved(name: string): name is keyof typeof reservedValues {
  return Object.hasOwn(reservedValues, name);
}

function withoutDetail({ detail: _detail, 'detail-type': detailType, ...others }: JsonObject): JsonObject {
  return { ...others, detailType };
}

function lookUp(path: JsonPath | undefined, envelope: JsonObject, others?: JsonObject): unknown {
  const value = path?.evaluate(envelope);
  return value === undefined ? path?.evaluate(others) : value;
}

/** Text and variables, these with whether they stand inside of double quotes. */
function split(template: string): Piece[] {
  const pieces: Piece[] = [];
  let quoted = false;
  for (const [token, name] of template.matchAll(/\\["\\]|"|<([^<>]*)>|[^\\"<]+|[\\<]/g)) {
    if (token === '"') quoted = !quoted;
    pieces.push(name === undefined ? token : { name, quoted });
  }
  return pieces;
}

type Write = (variable: Variable, value: unknown) => string;

function writerOf(kind: Rendered['kind'], strict: boolean): Write {
  if (kind === 'text') return writeText;
  return strict ? writeStrict : writeJson;
}

function writeText(_variable: Variable, value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : unquoted(value);
}

function writeJson({ quoted }: Variable, value: unknown): string {
  if (value === undefined) return quoted ? '' : '""';
  return quoted && typeof value === 'string' ? value : JSON.stringify(value);
}

/** What JSON would have to escape ends the quotes, or means something else: EventBridge escapes nothing. */
function writeStrict(variable: Variable, value: unknown): string {
  const text = writeJson(variable, value);
  if (!variable.quoted || JSON.stringify(text) === `"${text}"`) return text;
  throw failure(
    `What <${variable.name}> stands for does not fit between quotes`,
    `Write <${variable.name}> without quotes around it, or take a string without quotes and backslashes.`,
  );
}

/** JSON without a single quote. */
function unquoted(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('"', '');
  if (Array.isArray(value)) return `[${value.map(unquoted).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${unquoted(name)}:${unquoted(member)}`)
    .join(',')}}`;
}

function parsePath(name: string, text: string): JsonPath {
  const path = parseJsonPath(text);
  if (path) return path;
  throw new TulleError('step_invalid', `The path of ${JSON.stringify(name)} cannot be read`, {
    place: `/inputPathsMap/${name}`,
    mend: 'Write $ and then .name, [0] or [*]: $.detail.instance-id, $.resources[0].',
  });
}

function checkVariables(pieces: readonly Piece[], paths: ReadonlyMap<string, unknown>): void {
  for (const piece of pieces) {
    if (typeof piece === 'string' || paths.has(piece.name) || isReserved(piece.name)) continue;
    throw invalid(
      `The template contains the invalid placeholder <${piece.name}>`,
      `Name it in inputPathsMap, or use one of ${Object.keys(reservedValues).join(', ')}; < and > cannot be escaped.`,
    );
  }
}

/** EventBridge takes no variable in the name of a member, neither with quotes nor without. */
function checkNames(pieces: readonly Piece[]): void {
  const variable = '\u0000';
  const template = pieces.map((piece) => (typeof piece === 'string' ? piece : variable)).join('');
  for (const [text, colon] of template.matchAll(/(?:"(?:[^"\\]|\\.)*"|\0)\s*(:)?/gs)) {
    if (colon === undefined || !text.includes(variable)) continue;
    throw invalid('A placeholder stands for the name of a member', 'Use placeholders for values only.');
  }
}

/** The whole event is an object, whose quotes would end the ones around it. */
function checkEvents(pieces: readonly Piece[], kind: Rendered['kind']): void {
  for (const piece of pieces) {
    if (typeof piece === 'string' || !/^aws\.events\.event(\.json)?$/.test(piece.name)) continue;
    if (piece.quoted || kind === 'text') {
      throw invalid(`<${piece.name}> is JSON and cannot stand between quotes`, 'Use it as a value in a JSON template.');
    }
  }
}

/** Stands for a variable where only the form of the template is asked for. */
function sample(piece: Piece): string {
  if (typeof piece === 'string') return piece;
  return piece.quoted ? '' : '0';
}

function impossible(kind: Rendered['kind']): TulleError {
  return kind === 'text'
    ? invalid('The template is not text in quotes throughout', 'Put each line of text in double quotes of its own.')
    : invalid('The template cannot become valid JSON', 'Write JSON, or put text in double quotes.');
}

function invalid(message: string, mend: string): TulleError {
  return new TulleError('step_invalid', message, { place: '/inputTemplate', mend });
}

function failure(message: string, mend: string): TulleError {
  return new TulleError('step_failed', message, { place: '/inputTemplate', mend });
}
