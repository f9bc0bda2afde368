// Checks what a lab's script passes to the functions of its handle, before Docker or the fabric gets it.
import {
  absolutePath,
  bytes,
  callback,
  fact,
  hostPort,
  localized,
  type MachineNames,
  machine,
  manifest,
  milliseconds,
  nobody,
  node,
  oneWordEach,
  optionsWith,
  place,
  podReference,
  type Rule,
  reference,
  shellOptions,
  text,
  verb,
  word,
} from './argument-rules.ts';

/** The script is wrong, and not the cluster. */
export class WrongCall extends TypeError {}

interface Signature {
  /** As an author writes the call. */
  readonly usage: string;
  readonly required: readonly (readonly [name: string, rule: Rule])[];
  readonly optional?: readonly (readonly [name: string, rule: Rule])[];
  /** For all further arguments. */
  readonly rest?: readonly [name: string, rule: Rule];
  /** What is wrong with the arguments together. */
  readonly together?: (args: readonly unknown[]) => string | undefined;
}

/** Of the handle, and of `LabCalls` (there with the name of the machine or the place before the author's arguments). */
const signatures: Readonly<Record<string, Signature>> = {
  node: { usage: 'lab.node(name)', required: [['name', node]] },
  machine: { usage: 'lab.machine(name)', required: [['name', machine]] },
  pod: {
    usage: 'lab.pod(reference, { container })',
    required: [['reference', podReference]],
    optional: [['options', optionsWith({ container: ['string', 'a text'] })]],
  },
  $: {
    usage: 'lab.node(name).$',
    required: [['options', shellOptions]],
  },
  run: {
    usage: 'lab.node(name).$',
    required: [
      ['place', place],
      ['command', text],
    ],
    optional: [['options', optionsWith({ input: ['string', 'a text'], container: ['string', 'a text'] })]],
  },
  systemctl: {
    usage: 'lab.node(name).systemctl(verb, ...units)',
    required: [
      ['node', node],
      ['verb', verb],
    ],
    rest: ['unit', text],
    together: ([, verb, ...units]) =>
      verb !== 'daemon-reload' && verb !== 'reset-failed' && units.length === 0 ? '`unit` is missing' : undefined,
  },
  restoreRules: {
    usage: 'lab.node(name).restoreRules(input, { flush })',
    required: [
      ['node', node],
      ['input', text],
    ],
    optional: [['options', optionsWith({ flush: ['boolean', 'true or false'] })]],
  },
  kubectl: {
    usage: 'lab.kubectl(...words)',
    required: [['word', word]],
    rest: ['word', word],
    // Only the first word is a name of kubectl's own; the others may well have spaces.
    together: ([first]) => (/\s/.test(String(first)) ? oneWordEach : undefined),
  },
  apply: { usage: 'lab.apply(manifest)', required: [['manifest', manifest]] },
  installProxy: { usage: 'lab.installProxy(file)', required: [['file', text]] },
  removeProxy: { usage: 'lab.removeProxy()', required: [] },
  object: { usage: 'lab.object(reference)', required: [['reference', reference]] },
  facts: {
    usage: 'lab.node(name).facts(...want)',
    required: [
      ['place', place],
      ['want', fact],
    ],
    rest: ['want', fact],
  },
  http: {
    usage: 'lab.pod(reference).http(url, timeoutMs)',
    required: [
      ['place', place],
      ['url', text],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  tcp: {
    usage: 'lab.pod(reference).tcp(to, timeoutMs)',
    required: [
      ['place', place],
      ['to', hostPort],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  lookup: {
    usage: 'lab.pod(reference).lookup(name)',
    required: [
      ['place', place],
      ['name', text],
    ],
  },
  read: {
    usage: 'lab.node(name).read(path, tailBytes)',
    required: [
      ['machine', machine],
      ['path', absolutePath],
    ],
    optional: [['tailBytes', bytes]],
  },
  until: {
    usage: 'lab.until(condition, look, timeoutMs)',
    required: [
      ['condition', localized],
      ['look', callback],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  answer: {
    usage: 'lab.answer(check, value)',
    required: [
      ['check', text],
      ['value', text],
    ],
  },
};

/** The names of the functions that are checked. */
export const checkedFunctions: readonly string[] = Object.keys(signatures);

/** @throws WrongCall if the function cannot take these arguments */
export const checkCall = (method: string, args: readonly unknown[], machines: MachineNames = nobody): void => {
  const signature = signatures[method];
  const problem = signature && problemOf(signature, args, machines);
  if (signature && problem !== undefined) throw new WrongCall(`wrong call of \`${signature.usage}\`: ${problem}`);
};

const problemOf = (
  { required, optional = [], rest, together }: Signature,
  args: readonly unknown[],
  machines: MachineNames,
): string | undefined => {
  for (const [index, [name, rule]] of required.entries()) {
    const value = args[index];
    const problem = value === undefined ? `\`${name}\` is missing` : rule(value, name, machines);
    if (problem !== undefined) return problem;
  }
  const more = args.slice(required.length);
  for (const [index, value] of more.entries()) {
    const [name, rule] = rest ?? optional[index] ?? [];
    if (name === undefined || rule === undefined) return 'too many arguments';
    const problem = value === undefined && !rest ? undefined : rule(value, name, machines);
    if (problem !== undefined) return problem;
  }
  return together?.(args);
};

/** The same functions, but each checks its arguments first. */
export const checkingCalls = <C extends object>(calls: C, machines: MachineNames): C =>
  Object.fromEntries(
    Object.entries(calls).map(([name, value]) => [
      name,
      typeof value === 'function'
        ? async (...args: readonly unknown[]) => {
            checkCall(name, args, machines);
            return value(...args);
          }
        : value,
    ]),
  ) as C;
