// Reads from the sources which texts the program can write. A gap stands for what is known only when it runs.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One word that is neither English nor Korean. */
export const gap = '‹0›';

export interface WrittenText {
  /** File and line, for the message of a failed test. */
  readonly at: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

const parse = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, readFileSync(root + path, 'utf8'), ts.ScriptTarget.Latest, true);

const files: readonly ts.SourceFile[] = ['src/host', 'src/fabric', 'src/kit'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !`${folder}/${name}`.startsWith('src/host/korean/'))
    .map((name) => parse(`${folder}/${name}`)),
);

const nodes: readonly ts.Node[] = files.flatMap((file) => {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
});

type Callable = ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration;
const isCallable = (node: ts.Node | undefined): node is Callable =>
  node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isFunctionDeclaration(node));

/** All variables of all files, by name. */
const variables = Map.groupBy(
  nodes.filter(ts.isVariableDeclaration).filter(({ name }) => ts.isIdentifier(name)),
  ({ name }) => name.getText(),
);

/** `f(…)` and `new F(…)` of all files, by the name of `f`. A method has its own name: `list.push(…)` is `push`. */
const calls = Map.groupBy(
  nodes.filter((node) => ts.isCallExpression(node) || ts.isNewExpression(node)),
  ({ expression }) => (ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText()),
);

const insideOf = (node: ts.Node, container: ts.Node): boolean =>
  node.getSourceFile() === container.getSourceFile() && node.pos >= container.pos && node.end <= container.end;

/** The variable that a name means: of the innermost block around the name, else a constant of another file. */
const variableOf = (name: ts.Identifier): ts.VariableDeclaration | undefined => {
  const all = variables.get(name.text) ?? [];
  const scopeOf = (declaration: ts.VariableDeclaration): ts.Node => declaration.parent.parent.parent;
  const [near] = all.filter((one) => insideOf(name, scopeOf(one))).sort((a, b) => b.pos - a.pos);
  const [elsewhere, another] = all.filter((one) => ts.isSourceFile(scopeOf(one)));
  return near ?? (another ? undefined : elsewhere);
};

/** The parameter that a name means, with the function's own name. */
const parameterOf = (name: ts.Identifier) => {
  for (let at: ts.Node = name; at.parent; at = at.parent) {
    if (!isCallable(at)) continue;
    const index = at.parameters.findIndex((parameter) => parameter.name.getText() === name.text);
    if (index < 0) continue;
    const owner = ts.isVariableDeclaration(at.parent) ? at.parent.name : at.name;
    return { index, owner: owner?.getText(), file: at.getSourceFile() };
  }
  return undefined;
};

/** What a function returns. */
const returnsOf = (callable: Callable): readonly ts.Expression[] => {
  if (callable.body && !ts.isBlock(callable.body)) return [callable.body];
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (isCallable(node)) return;
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    ts.forEachChild(node, visit);
  };
  if (callable.body) ts.forEachChild(callable.body, visit);
  return found;
};

const joined = (parts: readonly (readonly string[])[], between = ''): readonly string[] =>
  parts.reduce<readonly string[]>(
    (texts, part, index) => texts.flatMap((text) => part.map((next) => text + (index > 0 ? between : '') + next)),
    [''],
  );

/**
 * All texts that an expression can have: follows variables, conditions, parameters and functions. A function stands for
 * what it returns. `path` has the expressions that led here: one that leads to itself is a gap.
 */
const textsOf = (node: ts.Expression | undefined, path: readonly ts.Node[] = []): readonly string[] => {
  if (node === undefined || path.includes(node)) return [gap];
  const way = [...path, node];
  const next = (part: ts.Expression | undefined): readonly string[] => textsOf(part, way);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return joined([
      [node.head.text],
      ...node.templateSpans.flatMap(({ expression, literal }) => [next(expression), [literal.text]]),
    ]);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isAwaitExpression(node))
    return next(node.expression);
  if (ts.isConditionalExpression(node)) return [...next(node.whenTrue), ...next(node.whenFalse)];
  if (ts.isBinaryExpression(node)) {
    const both = [next(node.left), next(node.right)] as const;
    if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) return joined(both);
    return [ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.BarBarToken].includes(node.operatorToken.kind)
      ? both.flat()
      : [gap];
  }
  if (isCallable(node)) return returnsOf(node).flatMap(next);
  if (ts.isIdentifier(node)) return textsOfName(node, way);
  if (ts.isCallExpression(node)) return textsOfCall(node, way);
  return [gap];
};

const textsOfName = (name: ts.Identifier, way: readonly ts.Node[]): readonly string[] => {
  const parameter = parameterOf(name);
  const variable = variableOf(name);
  const isNearer = variable && insideOf(name, variable.parent.parent.parent);
  if (variable?.initializer && (isNearer || !parameter)) return textsOf(variable.initializer, way);
  if (parameter?.owner === undefined) return [gap];
  const { owner, index, file } = parameter;
  const everywhere = calls.get(owner) ?? [];
  const here = everywhere.filter((call) => call.getSourceFile() === file);
  const isExported = /^export /m.test(variables.get(owner)?.[0]?.parent.parent.getText() ?? '');
  const texts = (isExported ? everywhere : here).flatMap((call) => textsOf(call.arguments?.[index], way));
  return texts.length > 0 ? texts : [gap];
};

const textsOfCall = (call: ts.CallExpression, way: readonly ts.Node[]): readonly string[] => {
  const { expression } = call;
  if (ts.isPropertyAccessExpression(expression) && ts.isArrayLiteralExpression(expression.expression)) {
    const between = textsOf(call.arguments[0], way)[0] ?? ',';
    const parts = expression.expression.elements.map((part) => textsOf(part, way));
    return expression.name.text === 'join' ? joined(parts, between) : [gap];
  }
  const called = ts.isIdentifier(expression) ? variableOf(expression)?.initializer : undefined;
  return isCallable(called) ? returnsOf(called).flatMap((text) => textsOf(text, way)) : [gap];
};

const written = (node: ts.Node, expression: ts.Expression | undefined): readonly WrittenText[] => {
  const file = node.getSourceFile();
  const at = `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  return [...new Set(textsOf(expression))].map((text) => ({ at, text }));
};

const isIn = (node: ts.Node, place: RegExp): boolean => place.test(node.getSourceFile().fileName);

/** The texts that calls of a function get as one argument. */
export const argumentsOf = (name: string, index: number, place = /^src/): readonly WrittenText[] =>
  (calls.get(name) ?? []).filter((call) => isIn(call, place)).flatMap((call) => written(call, call.arguments?.[index]));

/** The texts of a property in object literals. */
export const propertiesOf = (name: string, place = /^src/): readonly WrittenText[] =>
  nodes
    .filter((node) => isIn(node, place))
    .filter((node) => ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node))
    .filter((node) => node.name.getText() === name)
    .flatMap((node) => written(node, ts.isPropertyAssignment(node) ? node.initializer : node.name));

/** The texts that the functions in a file return. */
export const returnsIn = (place: RegExp): readonly WrittenText[] =>
  nodes.filter((node) => isIn(node, place) && isCallable(node)).flatMap((node) => written(node, node as ts.Expression));

/** Every piece of text in the sources. */
export const pieces: readonly string[] = nodes.flatMap((node) =>
  ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node) ? [node.text] : [],
);
