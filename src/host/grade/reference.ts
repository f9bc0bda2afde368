// Parses references to objects, paths and endpoints from lab.yaml. Compares processes with program names.
import { JSONPath } from 'jsonpath-plus';
import type { ProcessFact } from '../../api/facts.ts';
import { components } from '../../api/paths.ts';

/**
 * Whether a process is of this program, running or stopped. The kernel cuts program names after 15 letters. Any program
 * can take the name of a component, so a component also has to be in its unit, and to be what labs has put there.
 */
export const isProgram = (name: string, { command, unit, genuine }: ProcessFact): boolean =>
  (command === name || (name.length > 15 && command === name.slice(0, 15))) &&
  (!isComponent(name) || (unit === `${name}.service` && genuine !== false));

const isComponent = (name: string): boolean => components.some((component) => component === name);

/** The command line as `ps` shows it. */
export const commandLine = ({ command, arguments: argv }: ProcessFact): string => [command, ...argv].join(' ');

interface Reference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly label?: { readonly key: string; readonly value: string };
}

/** `kind/name`, `kind/namespace/name`, `kind/namespace/label=value`. The default namespace is `default`. */
export const parseReference = (reference: string): Reference => {
  const [kind = '', ...rest] = reference.split('/');
  const [namespace, name] = rest.length > 1 ? [rest[0] as string, rest.slice(1).join('/')] : ['default', rest[0] ?? ''];
  const equals = name.indexOf('=');
  if (equals < 0) return { kind, namespace, name };
  return { kind, namespace, name, label: { key: name.slice(0, equals), value: name.slice(equals + 1) } };
};

/** How a language names an object: `pod web`, `web 파드`. */
export interface Naming {
  readonly named: (kind: string, name: string) => string;
}

/** The reference as a sentence shows it: `pod/shop/cart` → `pod shop/cart`. The namespace `default` is left out. */
export const describeReference = (reference: string, { named }: Naming): string => {
  const { kind, namespace, name, label } = parseReference(reference);
  const where = namespace === 'default' ? '' : `${namespace}/`;
  return named(kind, where + (label ? `(${label.key}=${label.value})` : name));
};

/** The reference as arguments of kubectl: `pod/shop/cart` → `pod cart -n shop`. */
export const kubectlArguments = (reference: string): string => {
  const { kind, namespace, name, label } = parseReference(reference);
  const which = label ? `-l ${label.key}=${label.value}` : name;
  return `${kind} ${which}${namespace === 'default' ? '' : ` -n ${namespace}`}`;
};

/** The values that a path such as `.spec.ports[0].nodePort` finds in an object. */
export const queryPath = (object: unknown, path: string): readonly unknown[] =>
  JSONPath({ path: `$${path}`, json: object as object, wrap: true, eval: 'safe' }) as unknown[];

export const splitHostPort = (text: string): { host: string; port: number } => {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
};
