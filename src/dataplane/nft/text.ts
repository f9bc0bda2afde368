// A native nft rule as `nft list ruleset` writes it, or nearly so: for people who read a packet's way.
import { json } from '../node/json.ts';

export const ruleText = (statements: readonly unknown[]): string =>
  statements.map(statementText).filter(Boolean).join(' ');

const statementText = (statement: unknown): string => {
  const [kind = '', value] = Object.entries(json.object(statement))[0] ?? [];
  const fields = json.object(value);
  switch (kind) {
    case 'match': {
      const op = json.text(fields.op);
      const sign = op === '==' || op === 'in' ? '' : `${op} `;
      return `${expressionText(fields.left)} ${sign}${expressionText(fields.right)}`;
    }
    case 'vmap':
      return `${expressionText(fields.key)} vmap ${expressionText(fields.data)}`;
    case 'mangle':
      return `${expressionText(fields.key)} set ${expressionText(fields.value)}`;
    case 'jump':
    case 'goto':
      return `${kind} ${json.text(fields.target)}`;
    case 'counter':
      return '';
    case 'dnat':
    case 'snat':
    case 'redirect':
    case 'masquerade':
      return natText(kind, fields);
    case 'reject': {
      const type = json.text(fields.type);
      return type === '' ? 'reject' : `reject with ${[type, json.text(fields.expr)].filter(Boolean).join(' ')}`;
    }
    case 'set':
      return `${json.text(fields.op)} ${json.text(fields.set)} { ${expressionText(fields.elem)} }`;
    case 'limit':
      return `limit rate ${json.text(fields.rate)}/${json.text(fields.per)}`;
    case 'xt':
      return `xt ${json.text(fields.type)} ${json.text(fields.name)}`;
    default:
      return value === null ? kind : `${kind} ${expressionText(value)}`;
  }
};

const natText = (kind: string, fields: Record<string, unknown>): string => {
  const address = fields.addr === undefined ? '' : expressionText(fields.addr);
  const port = fields.port === undefined ? '' : `:${expressionText(fields.port)}`;
  const family = kind === 'dnat' || kind === 'snat' ? json.text(fields.family) : '';
  const flags = json.words(fields.flags).join(',');
  const to = address + port;
  return [kind, family, to === '' ? '' : `to ${to}`, flags].filter(Boolean).join(' ');
};

const expressionText = (expression: unknown): string => {
  if (Array.isArray(expression)) return expression.map(expressionText).join(',');
  if (typeof expression !== 'object' || expression === null) return String(expression);
  const [kind = '', value] = Object.entries(expression)[0] ?? [];
  const fields = json.object(value);
  switch (kind) {
    case 'payload':
      return `${json.text(fields.protocol)} ${json.text(fields.field)}`.trim();
    case 'meta':
      return /^(mark|l4proto|nfproto|protocol|length|skuid)$/.test(json.text(fields.key))
        ? `meta ${json.text(fields.key)}`
        : json.text(fields.key);
    case 'ct':
      return ['ct', json.text(fields.dir), json.text(fields.key)].filter(Boolean).join(' ');
    case 'fib':
      return `fib ${json.array(fields.flags).join(' . ')} ${json.text(fields.result)}`;
    case 'concat':
      return json.array(value).map(expressionText).join(' . ');
    case 'prefix':
      return `${json.text(fields.addr)}/${json.text(fields.len)}`;
    case 'range':
      return json.array(value).map(expressionText).join('-');
    case 'set':
      return `{ ${json.array(value).map(elementText).join(', ')} }`;
    case 'map':
      return `${expressionText(fields.key)} map ${expressionText(fields.data)}`;
    case 'numgen':
      return `numgen ${json.text(fields.mode)} mod ${json.text(fields.mod)}`;
    case 'elem':
      return expressionText(fields.val);
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return json.array(value).map(expressionText).join(` ${kind} `);
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return kind;
    case 'jump':
    case 'goto':
      return `${kind} ${json.text(fields.target)}`;
    default:
      return JSON.stringify(expression);
  }
};

/** An element of a set or of a map: `10.96.0.1 . tcp . 80 : goto web`. */
export const elementText = (element: unknown): string =>
  Array.isArray(element) ? element.map(expressionText).join(' : ') : expressionText(element);
