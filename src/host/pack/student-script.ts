// Takes the solution out of a script, and everything that only the solution needs.
import { type AnyNode, type Program, parse } from 'acorn';
import { withoutTypes } from '../script/load.ts';

export interface Script {
  readonly source: string;
  /** The functions that the script exports. */
  readonly exports: readonly string[];
  /** The relative paths that it imports. */
  readonly imports: readonly string[];
}

/** @throws SyntaxError. @param without the exports to take out */
export const readScript = (source: string, without: readonly string[] = []): Script => {
  const program = parseScript(source);
  const removed = unneeded(program, without);
  const left = program.body.filter((statement) => !removed.has(statement));
  return {
    source: cut(source, [...removed]),
    exports: left.flatMap(exportedBy),
    imports: left.flatMap(importedBy).filter((path) => path.startsWith('.')),
  };
};

type Statement = Program['body'][number];

/** Types become spaces, so each position is that of the source. */
const parseScript = (source: string): Program =>
  parse(withoutTypes(source), { ecmaVersion: 'latest', sourceType: 'module' });

/** The statements that only the exports `without` need. */
const unneeded = (program: Program, without: readonly string[]): ReadonlySet<Statement> => {
  if (without.length === 0) return new Set();
  const declared = program.body.map((statement) => ({ statement, names: namesOf(statement) }));
  const isRoot = ({ statement, names }: (typeof declared)[number]): boolean =>
    names.length === 0 || (exportedBy(statement).length > 0 && !names.every((name) => without.includes(name)));
  const needed = new Set(declared.filter(isRoot).map(({ statement }) => statement));
  for (const statement of needed) {
    const used = new Set(identifiersIn(statement));
    for (const each of declared) if (each.names.some((name) => used.has(name))) needed.add(each.statement);
  }
  return new Set(program.body.filter((statement) => !needed.has(statement)));
};

const declarationsIn = (statement: Statement): Statement =>
  statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement;

/** What a statement declares at the top of the file. */
const namesOf = (statement: Statement): readonly string[] => {
  const declaration = declarationsIn(statement);
  if (declaration.type === 'ImportDeclaration') return declaration.specifiers.map(({ local }) => local.name);
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration')
    return declaration.id ? [declaration.id.name] : [];
  return declaration.type === 'VariableDeclaration'
    ? declaration.declarations.flatMap(({ id }) => identifiersIn(id))
    : [];
};

const exportedBy = (statement: Statement): readonly string[] => {
  if (statement.type !== 'ExportNamedDeclaration') return [];
  if (statement.declaration) return namesOf(statement);
  return statement.specifiers.flatMap(({ exported }) => (exported.type === 'Identifier' ? [exported.name] : []));
};

const importedBy = (statement: Statement): readonly string[] => {
  const found: string[] = [];
  visit(statement, (node) => {
    const { source } = node as { readonly source?: AnyNode | null };
    if (source?.type === 'Literal' && typeof source.value === 'string') found.push(source.value);
  });
  return found;
};

const identifiersIn = (node: AnyNode): readonly string[] => {
  const names: string[] = [];
  visit(node, (each) => void (each.type === 'Identifier' && names.push(each.name)));
  return names;
};

const visit = (node: AnyNode, see: (node: AnyNode) => void): void => {
  see(node);
  for (const value of Object.values(node))
    for (const each of Array.isArray(value) ? value : [value])
      if (typeof each === 'object' && each !== null && 'type' in each) visit(each as AnyNode, see);
};

/** Comments directly above a statement go with it. */
const cut = (source: string, statements: readonly Statement[]): string => {
  let text = source;
  for (const { start, end } of [...statements].sort((a, b) => b.start - a.start)) {
    const before = text.slice(0, start).replace(commentAtEnd, '').replace(/\n+$/, '\n');
    const after = text.slice(end).replace(/^;?\n*/, '');
    text = before === '' || after === '' ? before + after : `${before}\n${after}`;
  }
  return text;
};

const commentAtEnd = /(?:\/\*(?:(?!\*\/)[\s\S])*\*\/\n|(?<=^|\n)(?:\/\/[^\n]*\n)+)$/;
