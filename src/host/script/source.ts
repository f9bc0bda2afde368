// Reads the scripts of a lab without running them: what they import and export, and the texts and calls in them.
import { posix } from 'node:path';
import { type AnyNode, type Node, type Options, type Program, parse } from 'acorn';
import { messageOf } from '../../kit/error.ts';
import { withoutTypes } from './load.ts';

/** A place in a file of the lab. Lines and columns begin at 1. */
export interface Spot {
  /** Relative to the lab's folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A text in a script: a string, or a template. */
export interface ScriptText {
  /** A template's values are replaced by `gap`. */
  readonly content: string;
  readonly isPlain: boolean;
  /** The place of a character: line and column from 0. */
  spot(line: number, column: number): Spot;
}

export interface Call {
  /** `apply` in `lab.apply(…)` */
  readonly method: string;
  /** Texts among the arguments. Others are undefined. */
  readonly words: readonly (string | undefined)[];
  readonly spots: readonly Spot[];
}

/** `kubectl` in `lab.kubectl`, and `port` in `lab.params.port`. */
export interface Use extends Spot {
  readonly name: string;
  readonly isParam: boolean;
}

export interface Script {
  readonly uses: readonly Use[];
  readonly file: string;
  readonly error?: Spot & { readonly message: string };
  readonly exports: ReadonlyMap<string, string>;
  /** Paths of files of the lab whose exports this script exports, too. */
  readonly passesOn: readonly string[];
  readonly imports: readonly (Spot & { readonly target: string })[];
  readonly texts: readonly ScriptText[];
  readonly calls: readonly Call[];
  /** Texts of the properties `expected`, `observed` and `hint`, which the student reads. */
  readonly shown: readonly (Spot & { readonly content: string })[];
}

/** Stands for a value that is known only when the script runs. */
export const gap = 'labs-gap';

const options: Options = { ecmaVersion: 'latest', sourceType: 'module', locations: true, allowHashBang: true };
const nothing = { uses: [], exports: new Map(), passesOn: [], imports: [], texts: [], calls: [], shown: [] };

export const readScript = (file: string, source: string): Script => {
  let plain = source;
  try {
    // Types become spaces, so places stay the same.
    if (/\.m?ts$/.test(file)) plain = withoutTypes(source);
    const program = parse(plain, options);
    return { file, ...partsOf(file, source, program) };
  } catch (error) {
    return { file, ...nothing, error: { file, ...placeOf(error), message: sentenceOf(error) } };
  }
};

/** acorn gives the place, and Node writes it above its stack: `:2`, some lines, and mostly a caret below the column. */
const placeOf = (error: unknown): { readonly line: number; readonly column: number } => {
  const { loc, stack = '' } = error as { loc?: { line: number; column: number }; stack?: string };
  if (loc) return { line: loc.line, column: loc.column + 1 };
  const [, line = '1', caret = ''] = /^\S*:(\d+)\n(?:(?:.*\n){1,3}?( *)\^\n)?/.exec(stack) ?? [];
  return { line: Number(line), column: caret.length + 1 };
};

const sentenceOf = (error: unknown): string =>
  messageOf(error)
    .replace(/ \(\d+:\d+\)$/, '')
    .trim()
    .replace(/^[x×]\s*/, '')
    .split('\n')[0] ?? '';

const partsOf = (file: string, source: string, program: Program): Omit<Script, 'file' | 'error'> => {
  const spotOf = (node: Node): Spot => ({
    file,
    line: node.loc?.start.line ?? 1,
    column: (node.loc?.start.column ?? 0) + 1,
  });
  const parts = {
    exports: new Map<string, string>(),
    passesOn: [] as string[],
    imports: [] as (Spot & { target: string })[],
    texts: [] as ScriptText[],
    calls: [] as Call[],
    uses: [] as Use[],
    shown: [] as (Spot & { content: string })[],
  };
  const visit = (node: AnyNode): void => {
    readModule(node, { file, source, spotOf, parts });
    if (node.type === 'Literal' && typeof node.value === 'string') {
      const spot = spotOf(node);
      parts.texts.push({ content: node.value, isPlain: true, spot: () => spot });
    }
    if (node.type === 'TemplateLiteral') parts.texts.push(templateText(node, file));
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const { property } = node.callee;
      if (property.type === 'Identifier')
        parts.calls.push({
          method: property.name,
          words: node.arguments.map(wordOf),
          spots: node.arguments.map(spotOf),
        });
    }
    if (node.type === 'Property' && node.key.type === 'Identifier' && isShown.test(node.key.name))
      for (const text of textsIn(node.value)) parts.shown.push({ ...spotOf(text.node), content: text.content });
    if (node.type === 'MemberExpression') {
      const isParam = isParams(node.object);
      const name = nameOf(node);
      if (name !== undefined && (isParam || isHandle(node.object)))
        parts.uses.push({ ...spotOf(node.property), name, isParam });
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return parts;
};

/** Authors call the handle `lab`, as all examples do. */
const isHandle = (node: AnyNode): boolean => node.type === 'Identifier' && node.name === 'lab';

const isParams = (node: AnyNode): boolean =>
  node.type === 'MemberExpression' && isHandle(node.object) && nameOf(node) === 'params';

/** The name behind the dot, or in brackets as a text. */
const nameOf = ({ property, computed }: Extract<AnyNode, { type: 'MemberExpression' }>): string | undefined => {
  if (computed) return wordOf(property as AnyNode);
  return property.type === 'Identifier' ? property.name : undefined;
};

const isShown = /^(expected|observed|hint)$/;

interface Reading {
  readonly file: string;
  readonly source: string;
  readonly spotOf: (node: Node) => Spot;
  readonly parts: Pick<Script, 'exports'> & {
    readonly exports: Map<string, string>;
    readonly passesOn: string[];
    readonly imports: (Spot & { target: string })[];
  };
}

/** Imports and exports. */
const readModule = (node: AnyNode, { file, source, spotOf, parts }: Reading): void => {
  const from = (target: string): string => posix.join(posix.dirname(file), target);
  switch (node.type) {
    case 'ImportDeclaration':
      parts.imports.push({ ...spotOf(node.source), target: String(node.source.value) });
      break;
    case 'ExportAllDeclaration':
      parts.imports.push({ ...spotOf(node.source), target: String(node.source.value) });
      parts.passesOn.push(from(String(node.source.value)));
      break;
    case 'ExportDefaultDeclaration':
      parts.exports.set('default', '');
      break;
    case 'ExportNamedDeclaration': {
      if (node.source) parts.imports.push({ ...spotOf(node.source), target: String(node.source.value) });
      for (const { exported } of node.specifiers) parts.exports.set('name' in exported ? exported.name : '', '');
      const { declaration } = node;
      const text = declaration ? source.slice(declaration.start, declaration.end) : '';
      if (declaration?.type === 'VariableDeclaration')
        for (const { id } of declaration.declarations) if (id.type === 'Identifier') parts.exports.set(id.name, text);
      if (declaration?.type === 'FunctionDeclaration') parts.exports.set(declaration.id.name, text);
      break;
    }
    default:
  }
};

const wordOf = (node: AnyNode): string | undefined => {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
};

type Template = Extract<AnyNode, { type: 'TemplateLiteral' }>;

const templateText = (node: Template, file: string): ScriptText => {
  const { line = 1, column = 0 } = node.loc?.start ?? {};
  const pieces = node.quasis.map(({ value }) => value.cooked ?? value.raw);
  // An escaped line break is no line of the file.
  const isExact = node.quasis.every(({ value }) => value.cooked === value.raw);
  const spot = (row: number, col: number): Spot => {
    if (!isExact) return { file, line, column: column + 1 };
    return { file, line: line + row, column: row === 0 ? column + 2 + col : col + 1 };
  };
  return { content: pieces.join(gap), isPlain: node.expressions.length === 0, spot };
};

const textsIn = (node: AnyNode): readonly { readonly node: Node; readonly content: string }[] => {
  if (node.type === 'TemplateLiteral')
    return [{ node, content: node.quasis.map(({ value }) => value.cooked ?? '').join(gap) }];
  if (node.type === 'Literal') return typeof node.value === 'string' ? [{ node, content: node.value }] : [];
  return childrenOf(node).flatMap(textsIn);
};

const childrenOf = (node: AnyNode): readonly AnyNode[] =>
  Object.values(node).flatMap((value: unknown) =>
    (Array.isArray(value) ? value : [value]).filter(
      (each): each is AnyNode =>
        typeof each === 'object' && each !== null && typeof (each as AnyNode).type === 'string',
    ),
  );
